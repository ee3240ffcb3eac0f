"""The page of known defects is made of reports."""

import subprocess
import sys
from dataclasses import replace

import pytest

from gradcheck.defects import TABLE
from gradcheck.defects.__main__ import page
from gradcheck.estimates import Engine
from gradcheck.judge.verdicts import Evidence, Known, Status, Verdict
from gradcheck.operators import Operator
from gradcheck.report import Report


def shown(place, operator, status, what):
    case, _, point = place.removesuffix("]").partition("[")
    known = Known(status, what, "torch==2.13.*", "https://example.org/1")
    evidence = Evidence("off", 1.0, 2.0, "exact", 1.0, 1e-9, "certified bound of exact", 1, 1, (2.0, 2.0))
    return Verdict(case, point, Engine("torch"), Operator(operator), status, evidence, known=known)


def report(*verdicts):
    return Report(verdicts, settings={"versions": {"torch": "2.13.0"}})


SINGLE = next(row for row in TABLE if row.single and row.engine == "torch")


def test_what_double_precision_shows_has_its_value_and_the_right_one():
    text = page(report(shown("f[edge]", "gradient", Status.WRONG, "loses a | term")))
    assert text.startswith("# Known defects\n")
    assert "| torch==2.13.* | `f[edge]` | gradient | WRONG | 1 | 2 (certified) | loses a \\| term" in text
    assert "single precision" not in text


def test_of_single_precision_it_has_what_the_rows_expect_there_alone():
    place, operators = next(iter(SINGLE.single.items()))
    operator, status = next(iter(operators.items()))
    expected = shown(place, operator, status, SINGLE.what)
    text = page(
        report(), report(expected, shown("f[edge]", "gradient", Status.WRONG, "shown in double precision, too"))
    )
    below = text.partition("## In single precision alone")[2]
    assert f"`{place}`" in below
    assert "f[edge]" not in below


def test_samples_have_a_section_of_their_own():
    text = page(report(), samples=report(shown("digamma[sample 0]", "jvp", Status.WRONG, "is cut short")))
    assert "`digamma[sample 0]`" in text.partition("## On the samples of PyTorch's own tests")[2]


def test_other_modes_have_rows_of_their_own():
    row = next(row for row in TABLE if row.engine == "torch:compile")
    place, operators = next(iter(row.shows.items()))
    operator, status = next(iter(operators.items()))
    own = replace(shown(place, operator, status, row.what), engine=Engine("torch", "compile"))
    text = page(report(), None, report(own, shown("f[edge]", "gradient", Status.WRONG, "shown by default, too")))
    below = text.partition("## In other modes")[2]
    assert f"`{place}`" in below


def run(*arguments):
    command = [sys.executable, "-m", "gradcheck.defects", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_the_page(tmp_path):
    file = tmp_path / "double.json"
    file.write_text(report(shown("f[edge]", "gradient", Status.WRONG, "loses a term")).to_json(), encoding="utf-8")
    assert "loses a term" in run(file).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "got 0 files, wanted one to four reports"),
        (("nowhere.json",), "error:"),
        ((__file__,), "not a gradcheck report"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
