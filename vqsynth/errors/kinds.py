"""The errors that vqsynth raises, and its warning.

Every error derives from `VqsynthError`, so one `except VqsynthError` catches all that a user can put right. The message
is one sentence: what was expected, what was given, and what to do.
"""


class VqsynthError(Exception):
    """The base class of all errors of vqsynth.

    Examples
    --------
    >>> import vqsynth
    >>> try:
    ...     vqsynth.load("violn")
    ... except vqsynth.VqsynthError as e:
    ...     print(e)
    no codebook 'violn': name a shipped one or the folder of one (did you mean 'violin'?)

    """


class ParameterError(VqsynthError, ValueError):
    """An argument, a curve, a filter or an option cannot be used. It is a ValueError, too."""


class CodebookError(VqsynthError):
    """A codebook, a path file or a checkpoint is missing, damaged, or not the expected one."""


class AudioError(VqsynthError):
    """A sound cannot be read, written or used."""


class VqsynthWarning(UserWarning):
    """A request was met only in part: a target is out of reach, say, or a peak was scaled down."""


class ModelError(VqsynthError):
    """A continuous model or a latent path is missing, damaged, or belongs to another model."""
