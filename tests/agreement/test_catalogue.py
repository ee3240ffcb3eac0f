"""The whole catalogue on every framework: what `gradcheck run` does, one test a case."""

from importlib.util import find_spec

import pytest

from gradcheck import registry
from gradcheck.discovery import load_catalogue
from gradcheck.judge.verdicts import Status
from gradcheck.verification import verify

SYSTEMS = ("jax", "numerical", "sympy", "tensorflow", "torch")
MISSING = [name for name in SYSTEMS if name != "numerical" and find_spec(name) is None]

load_catalogue()
CASES = [case for case in registry if case.builtin]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs: pip install 'gradcheck[{','.join(MISSING)}]'")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_independent_systems_agree(case):
    report = verify(case)
    assert report, str(report)
    for point in {v.point for v in report.verdicts}:
        for operator in {v.operator for v in report.verdicts}:
            here = [v for v in report.verdicts if (v.point, v.operator) == (point, operator)]
            agreeing = {v.engine.backend for v in here if v.status is Status.AGREE}
            assert len(agreeing) >= 4, f"{operator} at {point}: only {sorted(agreeing)} agree"
            assert all(v.status in (Status.AGREE, Status.UNSUPPORTED) for v in here)


def test_the_catalogue_is_as_large_as_promised():
    assert len(CASES) >= 80
