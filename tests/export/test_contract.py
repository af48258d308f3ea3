"""The rules by which nn~ and nn.ar read a file, and the operators that an old torch knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.export.exported import load_file

BOOK_METHODS = {
    "encode": [1, 1, 2, 256],
    "decode": [2, 256, 1, 1],
    "follow": [4, 256, 1, 1],
    "choose": [4, 256, 2, 256],
    "forward": [1, 1, 1, 1],
}
MODEL_METHODS = {"encode": [1, 1, 7, 128], "decode": [7, 128, 1, 1], "forward": [1, 1, 1, 1]}
KNOWN = frozenset(
    """
        Bool Float FloatImplicit Int IntImplicit ScalarImplicit __and__ __derive_index __getitem__ __is__
    __isnot__ __lshift__ __not__ __or__ __range_length __rshift__ __xor__ _set_item abs add add_ addmm any
    append arange argmax argmin bitwise_and bitwise_or cat clamp clone complex contiguous copy_ cos cumsum dim
    div dot eq exp     exp2 expand fft_irfft fft_rfft fill_ flatten flip floor floordiv format full full_like gather
    ge gt imag     index index_put_ index_select item layer_norm le len linear list log log10 log1p log2 lt
    matmul max mean     median min minimum mul nan_to_num ne neg nonzero ones ones_like pad permute pow rand
    real remainder     reshape round searchsorted select silu silu_ sin size slice sqrt square squeeze stack str
    sub sub_ sum t     tensor to transpose unfold unsqueeze view warn where zero_ zeros zeros_like
    """.split()  # noqa: SIM905 - so long a list is read more easily as text
)
"""Operators that torch 2.5 is known to have, by its documentation."""


def find_operators(module: Any) -> Iterator[str]:
    def walk(block: Any) -> Iterator[str]:
        for node in block.nodes():
            yield node.kind()
            for inner in node.blocks():
                yield from walk(inner)

    for name in module._c._method_names():
        yield from walk(module._c._get_method(name).inlined_graph)
    for child in module.children():
        yield from find_operators(child)


@pytest.mark.parametrize(("fixture", "methods"), [("book_file", BOOK_METHODS), ("model_file", MODEL_METHODS)])
def test_methods_have_their_ratios_labels_and_shapes(
    request: pytest.FixtureRequest, fixture: str, methods: dict[str, list[int]]
) -> None:
    module = load_file(request.getfixturevalue(fixture))
    assert module.get_methods() == list(methods)
    for name, sizes in methods.items():
        assert getattr(module, f"{name}_params").tolist() == sizes
        inlets, in_ratio, outlets, out_ratio = sizes
        assert all(ratio & (ratio - 1) == 0 for ratio in (in_ratio, out_ratio))
        for labels, count in ((f"{name}_input_labels", inlets), (f"{name}_output_labels", outlets)):
            found = getattr(module, labels)
            assert len(found) == count and all(label.startswith("(signal) ") for label in found)
        for batch in (1, 4):
            for samples in (512, 2048, 8192):
                y = getattr(module, name)(torch.zeros(batch, inlets, samples // in_ratio))
                assert y.shape == (batch, outlets, samples // out_ratio) and y.dtype == torch.float32


@pytest.mark.parametrize("fixture", ["book_file", "model_file"])
def test_attributes_are_listed_read_and_set(request: pytest.FixtureRequest, fixture: str) -> None:
    module = load_file(request.getfixturevalue(fixture))
    for name in module.get_attributes():
        types, values = getattr(module, f"{name}_params").tolist(), getattr(module, f"get_{name}")()
        assert isinstance(values, list) and len(values) == len(types)
        assert [type(value) for value in values] == [{1: int, 2: float}[kind] for kind in types]
        assert getattr(module, f"set_{name}")(*values) == 0
        if set(types) == {2}:
            assert getattr(module, f"set_{name}")(*[float("nan")] * len(types)) == -1
            assert getattr(module, f"get_{name}")() == values


@pytest.mark.parametrize(
    ("name", "values"),
    [("smoothness", (-1.0,)), ("motion", (1.1,)), ("max_transpose", (1300.0,)), ("tilt", (7.0,)), ("seed", (-1,)),
     ("sr", (1,)), ("envelope", (25.0, 1.0)), ("envelope", (1.0, 41.0)), ("weights", (1.0, -1.0, 1.0))],
)  # fmt: skip
def test_value_that_cannot_be_is_refused(book_file: Path, name: str, values: tuple[float, ...]) -> None:
    module = load_file(book_file)
    before = getattr(module, f"get_{name}")()
    assert getattr(module, f"set_{name}")(*values) == -1
    assert getattr(module, f"get_{name}")() == before


@pytest.mark.parametrize("fixture", ["book_file", "model_file"])
def test_operators_are_those_of_an_old_torch(request: pytest.FixtureRequest, fixture: str) -> None:
    found = set(find_operators(load_file(request.getfixturevalue(fixture))))
    unknown = {kind.partition("::")[2] for kind in found if kind.startswith("aten::")} - KNOWN
    assert not unknown
    assert {kind.partition("::")[0] for kind in found} <= {"aten", "prim"}


def test_rate_of_the_codebook_is_an_attribute_that_hosts_read(book_file: Path) -> None:
    assert load_file(book_file).sr == 16000
