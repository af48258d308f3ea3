from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.training.codebook.sound_files import GRID, note, small_corpus, write_notes
from vqsynth.errors import AudioError
from vqsynth.sound.frames import frame_signal
from vqsynth.training.codebook.corpus import load_corpus


def test_load_corpus_cuts_the_frames_that_framing_cuts(tmp_path: Path) -> None:
    paths = write_notes(tmp_path)
    corpus = load_corpus(paths, GRID)
    framed = np.concatenate([frame_signal(soundfile.read(p, dtype="float32")[0], GRID) for p in paths])
    np.testing.assert_array_equal(corpus.windows(slice(None)), framed)


def test_load_corpus_windows_in_any_order_are_the_same_rows(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path)
    rows = np.array([5, 0, 17, 5])
    np.testing.assert_array_equal(corpus.windows(rows), corpus.windows(slice(None))[rows])


@pytest.mark.parametrize(("sr", "channels"), [(8000, 1), (44100, 2), (192000, 1), (8000, 8)])
def test_load_corpus_of_any_rate_and_channels_has_the_same_length(tmp_path: Path, sr: int, channels: int) -> None:
    y = np.repeat(note(300, sr=sr)[:, None], channels, axis=1)
    soundfile.write(tmp_path / "ä b.wav", y, sr)
    corpus = load_corpus([tmp_path / "ä b.wav"], GRID)
    assert corpus.seconds == pytest.approx(0.5)
    assert len(corpus.starts) == GRID.count(4000)


def test_load_corpus_uses_a_file_of_one_sample(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "click.wav", np.array([0.5], np.float32), 8000, subtype="FLOAT")
    corpus = load_corpus([tmp_path / "click.wav"], GRID)
    assert corpus.windows(slice(None)).shape == (1, 256)
    assert corpus.windows(slice(None))[0, 128] == 0.5


def test_load_corpus_leaves_out_silent_frames_but_not_the_decay(tmp_path: Path) -> None:
    y = np.concatenate([note(300), np.zeros(8000, np.float32), 0.01 * note(300)])
    soundfile.write(tmp_path / "gap.wav", y, 8000, subtype="FLOAT")
    corpus = load_corpus([tmp_path / "gap.wav"], GRID)
    rms = np.sqrt((corpus.windows(slice(None)) ** 2).mean(axis=1))
    assert rms.min() > 0
    assert 2 * 62 < len(corpus.starts) < 2 * 62 + 10


def test_load_corpus_lists_what_it_skips_and_why(tmp_path: Path) -> None:
    paths = write_notes(tmp_path, 2)
    (tmp_path / "broken.wav").write_bytes(b"RIFF but no sound")
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), 8000)
    corpus = load_corpus([*paths, tmp_path / "broken.wav", tmp_path / "silent.wav"], GRID)
    assert [s.path.name for s in corpus.skipped] == ["broken.wav", "silent.wav"]
    assert corpus.summary().startswith("2 files, 0.0 minutes; 2 skipped because\n")
    assert "only silence" in corpus.summary()


def test_load_corpus_of_silence_alone_refuses(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    with pytest.raises(AudioError, match=r"no usable sound.*only silence"):
        load_corpus([tmp_path / "silent.wav"], GRID)


def test_load_corpus_transposed_holds_the_pitches_between(tmp_path: Path) -> None:
    """A copy two semitones up has its lowest partial 2^(2/12) higher."""
    soundfile.write(tmp_path / "a.wav", note(400, seconds=1), 8000, subtype="FLOAT")
    corpus = load_corpus([tmp_path / "a.wav"], GRID, transpose=2)
    assert corpus.seconds == pytest.approx(1.0)
    assert corpus.is_original.sum() == GRID.count(8000)
    middle = corpus.windows(np.arange(len(corpus.starts))[20::60]) * GRID.window
    peaks_hz = np.abs(np.fft.rfft(middle, 8192)).argmax(axis=1) * 8000 / 8192
    for semitones in (-2, -1, 0, 1, 2):
        assert np.abs(peaks_hz / (400 * 2 ** (semitones / 12)) - 1).min() < 0.01


def test_fingerprint_changes_with_a_sample_and_not_with_a_name(tmp_path: Path) -> None:
    one, same = small_corpus(tmp_path / "one"), small_corpus(tmp_path / "same")
    assert one.fingerprint == same.fingerprint
    y, sr = soundfile.read(tmp_path / "same" / "note00.wav", dtype="float32")
    y[100] += 1e-3
    soundfile.write(tmp_path / "same" / "note00.wav", y, sr, subtype="FLOAT")
    changed = load_corpus(sorted((tmp_path / "same").iterdir()), GRID)
    assert changed.fingerprint != one.fingerprint


def test_load_corpus_transposes_only_the_files_that_are_named(tmp_path: Path) -> None:
    paths = write_notes(tmp_path, 3)
    corpus = load_corpus(paths, GRID, transpose=2, transposed=paths[:1])
    alone = load_corpus(paths[:1], GRID, transpose=2)
    assert (~corpus.is_original).sum() == (~alone.is_original).sum() > 0
    assert corpus.is_original.sum() == load_corpus(paths, GRID).n_frames
