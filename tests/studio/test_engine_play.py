"""The play head, the audio thread and the worker, outside a browser; curves and shades."""

from pathlib import Path

import numpy as np
import pytest

from tests.studio.node import level_db, needs_node, run_node, send_book, send_path
from vqsynth.codebook import Codebook
from vqsynth.curves.shapes import breakpoints
from vqsynth.render import render_path

pytestmark = needs_node

AUDIO_THREAD = """
let Player = null;
globalThis.AudioWorkletProcessor = class { constructor() { this.port = { postMessage: (said) => told.push(said) }; } };
globalThis.registerProcessor = (_, made) => { Player = made; };
const told = [];
await load("worklet");
const player = new Player();
const tell = (message) => player.port.onmessage({ data: message });
const listen = (samples) => {
  const sound = new Float32Array(samples);
  for (let at = 0; at < samples; at += 128) player.process([], [[sound.subarray(at, at + 128)]]);
  return sound;
};
tell({ do: "load", card: json("card"), grains: bytes("grains"), partials: bytes("partials") });
"""


@pytest.fixture
def sent(book: Codebook, tmp_path: Path) -> Path:
    return send_book(book, tmp_path)


def test_audio_thread_plays_the_sound_of_the_command_line(book: Codebook, sent: Path) -> None:
    path = book.follow(centroid="line(p5,p95)", seconds=1)
    send_path(path, sent)
    told = run_node(
        sent,
        AUDIO_THREAD + 'tell({ do: "swap", paths: [json("path")] }); tell({ do: "play", from: 0 });'
        'keep("y", listen(128 * 200)); say(told);',
    )
    true, found = render_path(path, book.spectra), np.fromfile(sent / "y", np.float32)
    same = slice(300, len(true) - 300)  # sound comes and goes in another way than in files
    assert level_db(found[same] - true[same], true[same]) < -100
    assert not found[-128:].any()
    assert told[0] == {"loaded": book.name}
    frames = [said["frame"] for said in told[1:]]
    assert frames[: len(path)] == list(range(len(path))) and frames[-1] == -1


def test_path_from_the_middle_sounds_when_its_frames_do(book: Codebook, sent: Path) -> None:
    path = book.follow(pitch="p50", seconds=1)
    path = path.with_gain(np.where(np.arange(len(path)) < 40, -120.0, -20.0))
    send_path(path, sent)
    run_node(
        sent,
        AUDIO_THREAD + 'tell({ do: "swap", paths: [json("path")] }); tell({ do: "play", from: 30 });'
        'keep("y", listen(128 * 40));',
    )
    found, lead = np.fromfile(sent / "y", np.float32), book.grid.n_fft // 2
    step = (40 - 30) * book.grid.hop_length
    assert not found[: step - lead].any() and found[step - lead :][: 2 * lead].any()
    assert np.std(found[step + lead :]) > 20 * np.std(found[: step - lead // 2])


def test_loop_goes_round_and_another_path_is_heard_under_it(book: Codebook, sent: Path) -> None:
    path = book.follow(pitch="p50", loudness="-20", seconds=1)
    send_path(path, sent)
    send_path(path.with_gain(path.gain_db - 20), sent, "soft")
    told = run_node(
        sent,
        AUDIO_THREAD + 'tell({ do: "swap", paths: [json("path")] });'
        'tell({ do: "play", from: 30, loop: { from: 30, to: 40 } }); keep("loud", listen(128 * 40));'
        'tell({ do: "swap", paths: [json("soft")] }); listen(1024); keep("soft_heard", listen(128 * 40)); say(told);',
    )
    loud, soft = (np.fromfile(sent / name, np.float32)[512:] for name in ("loud", "soft_heard"))
    assert 20 * np.log10(np.std(loud) / np.std(soft)) == pytest.approx(20, abs=1)
    frames = [said["frame"] for said in told[1:]]
    assert frames[:25] == [30 + i % 10 for i in range(25)]


def test_held_code_sounds_until_it_is_stopped_and_nothing_clicks(book: Codebook, sent: Path) -> None:
    gain = 0.1
    run_node(
        sent,
        AUDIO_THREAD + f'tell({{ do: "hold", code: 30, gain: {gain} }}); const parts = [listen(8192)];'
        f'tell({{ do: "hold", code: 33, gain: {gain} }}); parts.push(listen(4096));'
        "const path = { codes: [5, 5, 5], gain_db: [-20, -20, -20], n_samples: 256 };"
        'tell({ do: "swap", paths: [path] });'
        'tell({ do: "play", from: 0 }); parts.push(listen(256)); tell({ do: "stop" }); parts.push(listen(4096));'
        'keep("y", Float32Array.from(parts.flatMap((part) => [...part])));',
    )
    y = np.fromfile(sent / "y", np.float32)
    assert np.std(y[2048:8192]) == pytest.approx(gain, rel=0.3)
    assert not y[-1024:].any() and y[8192:12288].any()
    jumps = np.abs(np.diff(y))
    assert jumps[[0, 8191, 12287, 12543]].max() < 2 * np.percentile(jumps[2048:8192], 99)
    assert abs(y[0]) < 1e-3


WORKER = """
const files = { card: "json", table: "json", places: "json" };
globalThis.self = globalThis;
const waiting = new Map();
globalThis.postMessage = ({ id, value, error }) => waiting.get(id)(error === undefined ? value : { error });
globalThis.fetch = async (url, { headers }) => {
  const name = url.split("/").pop(), ok = headers.token === "t" && fs.existsSync(`${folder}/${name}`);
  return { ok, text: async () => "refused", json: async () => json(name), arrayBuffer: async () => bytes(name) };
};
await load("worker");
let count = 0;
const ask = (data) => new Promise((resolve) => { waiting.set(++count, resolve); self.onmessage({ data: { ...data, id: count } }); });
"""  # noqa: E501


def test_worker_loads_selects_shades_and_renders(book: Codebook, sent: Path) -> None:
    path = book.follow(centroid="line(p5,p95)", loudness="-20", seconds=0.3, motion=0.5)
    targets = book.sample_curves(targets={"centroid": "line(p5,p95)", "loudness": -20}, seconds=0.3)
    asked = {name: values.tolist() for name, values in targets.items()}
    found = run_node(
        sent,
        WORKER + 'const early = await ask({ do: "select", targets: {} });'
        'const refused = await ask({ do: "load", base: "x", headers: {} });'
        'const { card } = await ask({ do: "load", base: "x", headers: { token: "t" } });'
        f'const chosen = await ask({{ do: "select", targets: {asked}, selection: {{ motion: 0.5 }} }});'
        "const path = { ...chosen, n_samples: 4800, seed: 0 };"
        "const values = Array(7).fill(400);"
        'const lanes = ["centroid", "pitch"].map((name) => ({ name, values, low: 100, high: 6000 }));'
        'const shades = await ask({ do: "reach", lanes, rows: 5 });'
        'keep("y", await ask({ do: "render", paths: [path] }));'
        "say({ early, refused, card, codes: [...chosen.codes], shades: [...shades.pitch] });",
    )
    assert "no codebook is loaded yet" in found["early"]["error"] and found["refused"]["error"] == "refused"
    assert found["card"]["name"] == book.name and found["codes"] == path.codes.tolist()
    assert len(found["shades"]) == 35 and 0 <= min(found["shades"]) < max(found["shades"]) <= 1
    true = render_path(path, book.spectra)
    assert level_db(np.fromfile(sent / "y", np.float32) - true, true) < -100


def test_shade_lies_where_codes_are(book: Codebook, sent: Path) -> None:
    """Beside a pitch that is asked for, the centroid is in reach where codes of that pitch have it."""
    pitches, centroids = book.table["pitch"], book.table["centroid"]
    code = int(np.flatnonzero(~np.isnan(pitches))[10])
    shades = run_node(
        sent,
        'const { Table } = await load("table"), { shadeReach } = await load("reach");'
        f'const lanes = [{{ name: "centroid", values: [NaN], low: 100, high: 6400 }},'
        f' {{ name: "pitch", values: [{pitches[code]}], low: 50, high: 1000 }}];'
        'say([...shadeReach(new Table(json("table")), lanes, 60).centroid]);',
    )
    near = centroids[np.abs(np.log2(pitches / pitches[code])) < 0.03]
    rows = np.floor(np.log2(near / 100) / 6 * 60).astype(int)
    assert np.array(shades)[rows].min() > 0.3 and np.mean(np.array(shades) < 0.1) > 0.4


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ([(0.0, 600.0, False), (0.5, 3000.0, False), (2.5, 900.0, False)], "0:600 0.5:3000 2.5:900"),
        ([(0.2, 600.0, False), (0.5, 3000.0, True), (2.5, 900.0, True)], "0.2:600 ~0.5:3000 ~2.5:900"),
        ([(1.0, -20.0, False)], "1:-20"),
        ([(0.0, 5.0, False), (1.0, float("nan"), False), (2.0, 8.0, False)], "0:5 1:NaN 2:8"),
    ],
)
def test_curve_is_sampled_as_the_command_line_samples_it(
    book: Codebook, tmp_path: Path, points: list[tuple[float, float, bool]], text: str
) -> None:
    grid = book.grid
    times = grid.times_s(grid.count(grid.samples(2.7)))
    columns = [np.array(column) for column in zip(*points, strict=True)]
    true = breakpoints(columns[0], columns[1], columns[2].astype(bool))(times, 2.7)
    rows = ", ".join(
        f"{{ time: {time}, value: {'NaN' if np.isnan(value) else value}, ratio: {str(ratio).lower()} }}"
        for time, value, ratio in points
    )
    send_book(book, tmp_path)
    said = run_node(
        tmp_path,
        'const { Grid } = await load("book"), { frameTimes, sampleCurve, formatCurve } = await load("curve");'
        f'const points = [{rows}]; const times = frameTimes(new Grid(json("card")), 2.7);'
        'keep("times", times); keep("values", sampleCurve(points, times)); say(formatCurve(points));',
    )
    assert (np.fromfile(tmp_path / "times") == times).all() and said == text
    assert np.fromfile(tmp_path / "values") == pytest.approx(true, rel=1e-14, nan_ok=True)


def test_wav_is_read_to_the_same_samples(tmp_path: Path) -> None:
    import soundfile

    true = np.random.default_rng(0).normal(size=999).astype(np.float32)
    true.tofile(tmp_path / "y")
    run_node(
        tmp_path,
        'const { packWav } = await load("wav");'
        'keep("y.wav", new Uint8Array(packWav(new Float32Array(bytes("y")), 44100)));',
    )
    found, sr = soundfile.read(tmp_path / "y.wav", dtype="float32")
    assert sr == 44100 and (found == true).all()
