"""The catalogue on every framework: what `gradcheck run` does, one test a case, and the known defects whole."""

from importlib.util import find_spec

import pytest

from gradcheck import registry
from gradcheck.defects import TABLE
from gradcheck.discovery import load_catalogue
from gradcheck.report import place
from gradcheck.verification import Options, verify

SYSTEMS = ("exact", "jax", "numerical", "sympy", "tensorflow", "torch")
DISTRIBUTIONS = {"exact": "flint", "numerical": "numpy"}
MISSING = [name for name in SYSTEMS if find_spec(DISTRIBUTIONS.get(name, name)) is None]

load_catalogue()
CASES = [case for case in registry if case.builtin]
EVERY = 3
"""One case of so many is checked at its first point in every run of the tests; all of them with -m slow."""
DEFAULT = [row for row in TABLE if ":" not in row.engine and row.installed]
"""The known defects of the modes that a run takes by default."""
SHOWN = {next(iter(row.shows)).partition("[")[0] for row in DEFAULT if row.shows}
"""A case for each known defect, checked whole."""
SINGLE = {next(iter(row.single)).partition("[")[0] for row in DEFAULT if row.single}
"""A case for each that single precision alone shows."""

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs: pip install 'gradcheck[{','.join(MISSING)}]'")


def hold(report):
    """Hold a report to what a run of the catalogue promises: it passes, on the word of two independent systems."""
    assert report, str(report)
    for point in {v.point for v in report.verdicts}:
        for operator in {v.operator for v in report.verdicts}:
            here = [v for v in report.verdicts if (v.point, v.operator) == (point, operator)]
            passing = {v.engine.backend for v in here if v.status.passes}
            known = {v.engine.backend for v in here if v.explained}  # where they are wrong, one may be right alone
            assert len(passing) >= (1 if known else 2), f"{operator} at {point}: only {sorted(passing)} pass"


@pytest.mark.parametrize("case", CASES[::EVERY], ids=lambda case: case.name)
def test_independent_systems_agree(case):
    hold(verify(case, brief=True))


def expected(case, tables):
    pairs = {(where, operator) for table in tables for where, shown in table.items() for operator in shown}
    return {pair for pair in pairs if pair[0].partition("[")[0] == case.name}


def explained(report):
    return {(place(v.case, v.point), v.operator.value) for v in report.explained}


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SHOWN], ids=lambda case: case.name)
def test_known_defects_show_and_nothing_else(case):
    report = verify(case)
    hold(report)
    assert explained(report) == expected(case, [row.shows for row in DEFAULT])


@pytest.mark.parametrize("name", ["cholesky_inverse", "logcumsumexp", "pseudo_inverse_of_equal_singular_values"])
def test_known_defects_show_one_operator_at_a_time(name):
    """What is wrong with a rule for one mode was found by a probe, which must not depend on what else is asked."""
    case = next(case for case in CASES if case.name == f"native.{name}")
    for operator in case.operators:
        hold(verify(case, operators=[operator]))


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SINGLE], ids=lambda case: case.name)
def test_what_single_precision_alone_shows_has_to_show_there(case):
    report = verify(case, Options(dtype="float32"))
    hold(report)
    assert explained(report) >= expected(case, [row.single for row in DEFAULT])


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.name not in SHOWN], ids=lambda case: case.name)
def test_independent_systems_agree_at_every_point(case):
    hold(verify(case))
