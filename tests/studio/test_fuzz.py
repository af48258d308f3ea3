"""Whatever the page sends, the server answers: with what was asked for, or with one sentence."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.studio.asking import Asker, said

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12),
    st.sampled_from(["@/etc/passwd", "..", "p50", "line(0,1)", -1, 2**63, 1e308, 10**400]),
    st.sampled_from([[], {}, [[]], [None], {"": {}}]),
)  # fmt: skip
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def whole(asker: Asker) -> dict[str, dict[str, Any]]:
    """Requests that are answered, by route."""
    polish = {"book": "thirds", "seconds": 0.05, "targets": {"centroid": [900.0] * 4}, "rounds": 0, "seed": 1}
    (path,) = asker.post("/api/polish", json=polish).json()["paths"]
    model = asker.studio.shelf.models.get("strings")
    latents = model.encode(np.full(600, 0.1, np.float32), model.sr)
    latent = {
        **{name: getattr(latents, name) for name in ("model", "sha256", "sr", "hop_length", "n_samples", "vocoder")},
        "excitation": "noise", "seed": 0, "components": latents.components.tolist(),
        "loudness_db": latents.loudness_db.tolist(),
    }  # fmt: skip
    strings = "/api/models/strings"
    return {
        "/api/polish": polish | {"weights": {}, "limits": {}, "layers": 1, "motion": 0.5, "mapping": {}},
        "/api/render": {"book": "thirds", "paths": [path], "as": "report", "targets": {}, "excitation": "noise"},
        f"{strings}/plane": {"corners": [latent] * 4, "at": [[0, 0, 0], [1, 1, 1]], "seconds": 0.1},
        f"{strings}/bend": {"path": latent, "bends": [{"component": 1, "bias": 1, "seed": 3}]},
        f"{strings}/morph": {"a": latent, "b": latent, "weight": [0, 1], "align": "dtw", "of": "both"},
        f"{strings}/decode": {"path": latent, "excitation": "coherent", "vocoder": "magnitude", "as": "stream"},
        "/api/session": {"kind": "vqsynth session", "format": 1, "book": "x", "seconds": 1, "lanes": [], "takes": []},
    }


def test_requests_as_they_are_meant_are_answered(asker: Asker, whole: dict[str, dict[str, Any]]) -> None:
    for route, asked in whole.items():
        answer = asker.post(route, json=asked)
        assert answer.status_code == 200, (route, answer.text)


@given(data=st.data())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_change_is_answered_or_told_in_a_sentence(
    asker: Asker, whole: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    route = data.draw(st.sampled_from(sorted(whole)))
    asked, at = dict(whole[route]), whole[route]
    name = data.draw(st.sampled_from([*asked, "more"]))
    inner = at.get(name)
    if isinstance(inner, dict) and inner and data.draw(st.booleans()):  # one entry within it
        asked[name] = inner | {data.draw(st.sampled_from(sorted(inner))): data.draw(VALUES)}
    else:
        asked[name] = data.draw(VALUES)
    answer = asker.post(route, json=asked)
    assert answer.status_code == 200 or said(answer)[0] in (400, 404), (route, name, asked[name], answer.text)
