"""What was played, kept as paths that `decode` plays again to the same samples."""

from array import array
from itertools import count
from pathlib import Path

import numpy as np

from vqsynth.codes.controls import Controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.voice import SILENT_DB
from vqsynth.live.sounding import Frame, Keep
from vqsynth.path import CodePath, save_layers
from vqsynth.sound.arrays import Doubles
from vqsynth.storage.files import StrPath


class Take:
    """Keep the frames of one codebook as it plays, some 40 bytes for each.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    seed : int
        The seed with which it plays.

    """

    def __init__(self, book: CodebookRecord, seed: int) -> None:
        self._book, self._seed = book, seed
        self._codes, self._numbers = array("l"), array("d")
        self._envelopes: list[tuple[int, Doubles | None]] = []  # from which frame on, and which

    def __len__(self) -> int:
        return len(self._codes)

    def keep(self, frame: Frame) -> None:
        """Keep the next frame."""
        before = self._envelopes[-1][1] if self._envelopes else None
        if frame.envelope_db is not before:
            self._envelopes.append((len(self._codes), frame.envelope_db))
        self._codes.append(frame.code)
        self._numbers.extend((frame.gain_db, frame.cents, frame.tilt_db))

    def to_path(self) -> CodePath:
        """Return all frames as a path. Its sound is what was played, from the middle of the first window on."""
        gain_db, cents, tilt_db = np.array(self._numbers).reshape(-1, 3).T
        grid, none = self._book.grid, np.zeros(len(self))
        controls: Controls | None = Controls(tilt_db, cents, none, none, self._spread_envelopes())
        if not controls.to_fields():  # type: ignore[union-attr]
            controls = None
        n_samples = max(1, len(self) * grid.hop_length - 1)
        return CodePath(
            self._book.name, self._book.sha256, grid.sr, grid.hop_length, n_samples, np.array(self._codes, np.int64),
            gain_db, seed=self._seed, controls=controls,
        )  # fmt: skip

    def _spread_envelopes(self) -> Doubles:
        rows = np.zeros((len(self), BANDS))
        for start, envelope_db in self._envelopes:
            rows[start:] = 0 if envelope_db is None else envelope_db
        return rows


class Recorder:
    """Keep a session: takes for each codebook that is begun, one for each voice."""

    def __init__(self) -> None:
        self._begun: list[list[Take]] = []

    def begin(self, book: CodebookRecord, seed: int, voices: int = 1) -> list[Keep]:
        """Begin a take for each voice, voice i with the seed `seed` + i, and return what keeps their frames."""
        self._begun.append([Take(book, seed + i) for i in range(voices)])
        return [take.keep for take in self._begun[-1]]

    def save(self, file: StrPath) -> list[Path]:
        """Write the takes, the first into `file`, the others beside it as F-2, F-3 ... where no file is yet.

        Voices that sounded together are the layers of one file. Returns the files. Raises VqsynthError where one cannot
        be written.
        """
        file, written = Path(file), list[Path]()
        free = (place for n in count(2) if not (place := file.with_name(f"{file.stem}-{n}{file.suffix}")).exists())
        for takes in self._begun:
            if not len(takes[0]):
                continue
            paths = [take.to_path() for take in takes]
            heard = [path for path in paths if (path.gain_db > SILENT_DB).any()]
            place = next(free) if written else file
            save_layers(heard or paths[:1], place)
            written.append(place)
        return written
