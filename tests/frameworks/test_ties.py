"""Ties of a composed function that is smooth: what the frameworks choose for its parts must add up."""

import pytest

from gradcheck import Status, check

TIES = [0.1, 1.0, 3.0, -2.5, 7.0, 1e6, 1e-9, 1.7]


def larger_and_smaller(xp, x, y):
    return xp.maximum(x, y) + xp.minimum(x, y)


@pytest.mark.parametrize("tie", TIES)
def test_choices_that_do_not_add_up_are_wrong_at_any_tie(tie):
    pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")
    found = check(larger_and_smaller, tie, tie, backends=["tensorflow"]).verdict("tensorflow")
    assert found.status is Status.WRONG
    assert "right at points nearby" in found.evidence.reason


@pytest.mark.parametrize("backend", ["torch", "jax"])
@pytest.mark.parametrize("tie", TIES)
def test_halves_add_up_to_the_derivative(tie, backend):
    pytest.importorskip(backend, reason=f"pip install 'gradcheck[{backend}]'")
    assert check(larger_and_smaller, tie, tie, backends=[backend])
