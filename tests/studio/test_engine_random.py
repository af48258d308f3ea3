"""The page's chance and transforms against NumPy's."""

from pathlib import Path

import numpy as np
import pytest

from tests.studio.node import needs_node, run_node

pytestmark = needs_node
MILLION = 1_000_000


def test_generator_draws_a_million_normal_numbers_as_numpy_does(tmp_path: Path) -> None:
    run_node(
        tmp_path,
        'const { Generator } = await load("random"); const rng = new Generator(7);'
        f'keep("normal", Float32Array.from({{ length: {MILLION} }}, () => rng.normal()));'
        'keep("double", Float64Array.from({ length: 9 }, () => rng.double()));',
    )
    rng = np.random.default_rng(7)
    found, true = np.fromfile(tmp_path / "normal", np.float32), rng.standard_normal(MILLION, np.float32)
    assert np.abs(found - true).max() < 1e-6
    assert np.count_nonzero(found != true) < 20  # roundings of logarithms in the tail
    assert (np.fromfile(tmp_path / "double") == rng.random(9)).all()


@pytest.mark.parametrize("seed", [0, 2**32, 2**53 - 1, [2**40, 1], [1, 2, 3, 4, 5, 6]])
def test_generator_takes_any_seed(tmp_path: Path, seed: int | list[int]) -> None:
    found = run_node(
        tmp_path,
        f'const {{ Generator }} = await load("random"); const rng = new Generator({seed});'
        "say([rng.word(), rng.double(), rng.word(), rng.float()]);",
    )
    rng = np.random.default_rng(seed)
    # words of 32 bits are halves of 64 bits, and doubles do not take the half that waits
    raw = np.random.default_rng(seed).bit_generator.random_raw(2)
    assert found[0] == raw[0] & 0xFFFFFFFF and found[2] == raw[0] >> 32
    rng.integers(2**32, dtype=np.uint32)
    assert found[1] == rng.random()
    rng.integers(2**32, dtype=np.uint32)
    assert found[3] == rng.random(dtype=np.float32)


def test_chance_draws_what_motion_needs_as_numpy_does(tmp_path: Path) -> None:
    shares = [0.125, 0.5, 0.0, 0.375]
    found = run_node(
        tmp_path,
        'const { Generator } = await load("random"); const c = await load("chance"); const rng = new Generator([3, 1]);'
        "const times = (n, f) => Array.from({ length: n }, f);"
        f"say([[...c.drawChoices(rng, {shares}, 3000)], times(20000, () => c.drawExponential(rng)),"
        "times(3000, () => c.drawGeometric(rng, 0.05)), times(3000, () => c.drawGeometric(rng, 0.6)),"
        "times(3000, () => c.drawGumbel(rng)), times(3000, () => c.drawInteger(rng, 64512)),"
        "times(300, () => c.drawInteger(rng, 3000000000)), times(3, () => c.drawInteger(rng, 1)), rng.double()]);",
    )
    rng = np.random.default_rng([3, 1])
    assert (np.array(found[0]) == rng.choice(4, 3000, p=shares)).all()
    assert found[1] == pytest.approx([rng.standard_exponential() for _ in range(20000)], rel=1e-14)
    assert (np.array(found[2]) == rng.geometric(0.05, 3000)).all()
    assert (np.array(found[3]) == rng.geometric(0.6, 3000)).all()
    assert found[4] == pytest.approx([rng.gumbel() for _ in range(3000)], rel=1e-13)
    assert found[5] == [int(rng.integers(64512)) for _ in range(3000)]
    assert found[6] == [int(rng.integers(3_000_000_000)) for _ in range(300)]
    assert found[7] == [int(rng.integers(1)) for _ in range(3)]
    assert found[8] == rng.random()


@pytest.mark.parametrize("n", [2048, 3072, 1024, 1000])
def test_transform_is_numpys_and_comes_back(tmp_path: Path, n: int) -> None:
    x = np.random.default_rng(n).uniform(-1, 1, n)
    x.tofile(tmp_path / "x")
    run_node(
        tmp_path,
        f'const {{ RealTransform }} = await load("fft"); const transform = new RealTransform({n});'
        f"const bins = {{ re: new Float64Array({n // 2 + 1}), im: new Float64Array({n // 2 + 1}) }};"
        f'const x = new Float64Array(bytes("x")), back = new Float64Array({n});'
        'transform.forward(x, bins); keep("re", bins.re); keep("im", bins.im);'
        'bins.im[0] = 9; transform.inverse(bins, back); keep("back", back);',
    )
    found = np.fromfile(tmp_path / "re") + 1j * np.fromfile(tmp_path / "im")
    assert np.abs(found - np.fft.rfft(x)).max() < 1e-12 * n
    assert np.abs(np.fromfile(tmp_path / "back") - x).max() < 1e-14 * n
