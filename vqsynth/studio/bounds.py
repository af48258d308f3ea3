"""How much the server takes. What is larger is refused in one sentence, before it costs memory or time."""

from vqsynth.errors import ParameterError
from vqsynth.sound.frames import FrameGrid

PORT = 8427
"""The port by default. Browsers keep what a page saves by its address, so that it is best always the same."""
MOST_BODY_BYTES = 2**26
"""The largest body of a request that is no sound."""
MOST_SOUND_BYTES = 2**28
"""The largest sound file: ten minutes of stereo WAV at 48 kHz and 32 bits take 230 MB."""
MOST_UPLOAD_BYTES = 2**31
"""The largest sound file to train on, which is written to the disk while it comes."""
MOST_JSON_BYTES = 2**25
"""The largest JSON. Parsing takes some twelve times as much memory."""
MOST_SESSION_BYTES = 2**24
LONGEST_S = 600.0
"""The longest sound that is drawn, heard or encoded."""
MOST_LAYERS = 8
MOST_ROUNDS = 50
MOST_COMPONENTS = 256
MOST_BENDS = 64
UPLOAD = "/api/training/sounds"
LARGEST_VALUE = 1e9
"""No descriptor is anywhere near it."""


def most_bytes(path: str) -> int:
    """Return the size of the largest body that a route takes."""
    if path == UPLOAD:
        return MOST_UPLOAD_BYTES
    return MOST_SOUND_BYTES if path.endswith(("/hear", "/encode")) else MOST_BODY_BYTES


def say_too_large(most: int) -> str:
    """Return the sentence that refuses a body of more than `most` bytes."""
    return f"the request is larger than {most >> 20} MB, the most that is taken here"


def check_duration(seconds: float) -> float:
    """Return a duration in seconds. Raises ParameterError outside 0 to ten minutes."""
    if not 0 < seconds <= LONGEST_S:
        raise ParameterError(f"seconds must be above 0, up to {LONGEST_S:g} (got {seconds:g}); work on it in parts")
    return seconds


def count_frames(seconds: float, grid: FrameGrid) -> int:
    """Return the number of frames of a sound. Raises ParameterError for one that is too long."""
    return grid.count(grid.samples(check_duration(seconds)))
