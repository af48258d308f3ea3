"""The errors that vqsynth raises, so that one `except VqsynthError` catches all that a user can mend."""


class VqsynthError(Exception):
    """Say in one sentence what was expected, what came, and what to do."""


class ParameterError(VqsynthError, ValueError):
    """An argument, a curve, a filter or an option is not usable as it stands."""


class CodebookError(VqsynthError):
    """A codebook, a path file or a checkpoint is missing, damaged, or not the one that is meant."""


class AudioError(VqsynthError):
    """A sound cannot be read, written or used."""


class VqsynthWarning(UserWarning):
    """Something was met only in part: a target out of reach, a peak scaled down."""


class ModelError(VqsynthError):
    """A continuous model, or a latent path, that is missing, damaged or of another model."""
