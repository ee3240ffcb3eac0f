import pytest

from gradcheck import discovery
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator


@pytest.fixture
def estimate():
    """Return the exact engine as a function of a portable function and its inputs."""
    backend = discovery.load("exact")

    def run(f, *args, operator="gradient", seed=None, dtype=None):
        function = Function("f", ("x", "y", "z"), portable=f)
        return backend.estimate(function, Inputs.of(args, dtype=dtype), Operator(operator), seed=seed)

    return run


@pytest.fixture
def digits():
    """Compute with 60 decimal digits in mpmath."""
    mpmath = pytest.importorskip("mpmath", reason="pip install mpmath")
    with mpmath.workdps(60):
        yield mpmath


@pytest.fixture
def holds(digits):
    """Return a function that says whether an enclosure holds a number that is known up to a little noise."""

    def check(value, error, truth, noise=0.0):
        return abs(digits.mpf(float(value)) - truth) <= digits.mpf(float(error)) + noise

    return check
