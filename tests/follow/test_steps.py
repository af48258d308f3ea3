"""Newton steps: what is smooth is met at once, what jumps is closed in upon."""

import numpy as np
import pytest

from vqsynth.follow.steps import Steps


def test_steps_meet_a_straight_function_in_one() -> None:
    steps, wanted = Steps(np.zeros(3), 5.0, guarded=True), np.array([1.0, -2.0, 9.0])
    found = steps.move(wanted - steps.values, np.abs(wanted))
    np.testing.assert_allclose(found, [1.0, -2.0, 5.0])


@pytest.mark.parametrize("edge", [0.31, -0.72, 1.9])
def test_guarded_steps_close_in_on_a_jump(edge: float) -> None:
    """A full step of the slope leads far over a jump, ever again; halved, the values end beside it."""
    steps = Steps(np.zeros(1), 3.0, guarded=True)
    for _ in range(12):
        missed = np.where(steps.values < edge, 2.5, -2.0)
        steps.move(missed, np.abs(missed))
    assert abs(steps.values[0] - edge) < 0.02
