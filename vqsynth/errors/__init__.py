"""What can go wrong: the errors of vqsynth, its warning, and the checks of arguments.

    kinds         the exceptions and the warning
    checks        checks of arguments; each returns the value or raises ParameterError

The errors may be imported from here: `from vqsynth.errors import ParameterError`.
"""

from vqsynth.errors.kinds import AudioError as AudioError
from vqsynth.errors.kinds import CodebookError as CodebookError
from vqsynth.errors.kinds import ModelError as ModelError
from vqsynth.errors.kinds import ParameterError as ParameterError
from vqsynth.errors.kinds import VqsynthError as VqsynthError
from vqsynth.errors.kinds import VqsynthWarning as VqsynthWarning
