from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.continuous.small import GRID, make_sound
from tests.training.continuous.sound_files import small_corpus, write_sounds
from vqsynth.errors import AudioError
from vqsynth.sound.mel import analyse_frames, analyse_sound
from vqsynth.training.continuous.corpus import SHORTEST, TRANSPOSED_SHARE, load_mels

HOP, N_FFT = GRID.frames.hop_length, GRID.frames.n_fft


def test_load_mels_holds_the_frames_of_each_sound_on_its_own(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path)
    corpus = load_mels(paths, GRID)
    for path, (first, end) in zip(paths, corpus.pieces, strict=True):
        alone = analyse_sound(soundfile.read(path, dtype="float32")[0], GRID)
        np.testing.assert_allclose(corpus.log_mel[first:end], alone.log_mel, atol=5e-3)
        np.testing.assert_array_equal(corpus.loudness_db[first:end], alone.loudness_db)


def test_windows_analysed_again_give_the_bands_of_their_frames(tmp_path: Path) -> None:
    """Two routes: frames cut from the joined waveform, and frames analysed file by file."""
    corpus = small_corpus(tmp_path)
    rows = np.arange(len(corpus.log_mel))[::7]
    again = analyse_frames(corpus.windows(rows), GRID)
    np.testing.assert_allclose(again.log_mel, corpus.log_mel[rows], atol=5e-3)
    np.testing.assert_allclose(again.loudness_db, corpus.loudness_db[rows], atol=1e-4)


def test_sounds_begin_at_the_centre_of_their_first_frame(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path)
    corpus = load_mels(paths, GRID)
    y = soundfile.read(paths[1], dtype="float32")[0]
    start = corpus.pieces[1, 0] + 5
    np.testing.assert_array_equal(corpus.sounds(np.array([start]), 1000)[0], y[5 * HOP : 5 * HOP + 1000])
    early = corpus.sounds(np.array([start]), 1000, before=100)[0]
    np.testing.assert_array_equal(early, y[5 * HOP - 100 : 5 * HOP + 900])


def test_mels_are_rows_of_the_corpus_turned(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path)
    starts = np.array([3, 40, 3])
    cut = corpus.mels(starts, 10)
    assert cut.shape == (3, GRID.n_mels, 10) and cut.dtype == np.float32
    np.testing.assert_array_equal(cut[1], corpus.log_mel[40:50].T)
    np.testing.assert_array_equal(corpus.loudness(starts, 10)[2], corpus.loudness_db[3:13])


def test_sampling_weights_allow_no_excerpt_over_the_end_of_a_sound(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path, transpose=1)
    weights = corpus.sampling_weights(20)
    assert weights.sum() == pytest.approx(1)
    starts = np.flatnonzero(weights)
    piece = np.searchsorted(corpus.pieces[:, 1], starts, side="right")
    assert (starts + 20 <= corpus.pieces[piece, 1]).all()
    assert set(piece) == set(range(9))


def test_sampling_weights_give_transposed_copies_their_share(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path, transpose=1)
    weights = corpus.sampling_weights(20)
    original = np.repeat(corpus.is_original, np.diff(corpus.pieces)[:, 0])
    assert weights[~original].sum() == pytest.approx(TRANSPOSED_SHARE)
    assert corpus.is_original.sum() == 3 and len(corpus.pieces) == 9


def test_sampling_weights_draw_a_short_sound_nearly_as_often_as_a_long_one(tmp_path: Path) -> None:
    """Sixteen times as long is drawn 16 ** 0.3 = 2.3 times as often, and each frame of it seldomer."""
    for name, n_frames in (("long", 16 * SHORTEST), ("short", SHORTEST)):
        y = make_sound((n_frames - 1) * HOP / GRID.frames.sr)
        soundfile.write(tmp_path / f"{name}.wav", y, GRID.frames.sr, subtype="FLOAT")
    corpus = load_mels([tmp_path / "long.wav", tmp_path / "short.wav"], GRID)
    weights = corpus.sampling_weights(8)
    long, short = (weights[a:b].sum() for a, b in corpus.pieces)
    assert long / short == pytest.approx(16**0.3, rel=0.03)


def test_sampling_weights_prefer_what_sounds_but_find_the_shortest_sound(tmp_path: Path) -> None:
    silence = np.zeros(SHORTEST * HOP, np.float32)
    soundfile.write(tmp_path / "a.wav", np.concatenate([make_sound(1.0), silence]), GRID.frames.sr, subtype="FLOAT")
    soundfile.write(tmp_path / "click.wav", make_sound(0.02), GRID.frames.sr, subtype="FLOAT")
    corpus = load_mels([tmp_path / "a.wav", tmp_path / "click.wav"], GRID)
    weights = corpus.sampling_weights(16)
    (first, end), (click, _) = corpus.pieces
    heard = 1.0 * GRID.frames.sr / HOP
    assert np.flatnonzero(weights[first:end]).max() < heard + N_FFT / HOP
    assert weights[click] > 0


def test_load_mels_transposes_only_the_sounds_named(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path)
    corpus = load_mels(paths, GRID, transpose=2, transposed=paths[1:2])
    assert corpus.is_original.tolist() == [True, True, False, False, False, False, True]
    assert corpus.seconds == pytest.approx(9.0)


def test_load_mels_pads_short_sounds_with_silence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "click.wav", make_sound(0.05), GRID.frames.sr, subtype="FLOAT")
    corpus = load_mels([tmp_path / "click.wav"], GRID)
    assert len(corpus.log_mel) == SHORTEST
    assert corpus.loudness_db[-1] == -100 and 0 < corpus.audible.sum() < 10


def test_load_mels_lists_what_it_skips_and_why(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path, 2)
    (tmp_path / "broken.wav").write_bytes(b"RIFF but no sound")
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), 8000)
    corpus = load_mels([*paths, tmp_path / "broken.wav", tmp_path / "silent.wav"], GRID)
    assert [s.path.name for s in corpus.skipped] == ["broken.wav", "silent.wav"]
    said = corpus.summary()
    assert said.startswith("2 files, 0.1 minutes; 2 skipped because\n") and "broken.wav': it is" in said
    with pytest.raises(AudioError, match=r"no usable sound.*only silence"):
        load_mels([tmp_path / "silent.wav"], GRID)


def test_fingerprint_changes_with_a_sample_and_not_with_a_name(tmp_path: Path) -> None:
    one, same = small_corpus(tmp_path / "one"), small_corpus(tmp_path / "same")
    assert one.fingerprint == same.fingerprint
    y, sr = soundfile.read(tmp_path / "same" / "sound00.wav", dtype="float32")
    y[100] += 1e-3
    soundfile.write(tmp_path / "same" / "sound00.wav", y, sr, subtype="FLOAT")
    assert load_mels(sorted((tmp_path / "same").iterdir()), GRID).fingerprint != one.fingerprint
