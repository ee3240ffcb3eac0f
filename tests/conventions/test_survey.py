"""The table: it arranges what the reports say, and computes nothing of its own."""

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gradcheck.conventions.command import conventions
from gradcheck.conventions.points import edges
from gradcheck.conventions.rendering import markdown_line, notes, to_html, to_markdown
from gradcheck.conventions.survey import FRAMEWORKS, Answer, Row, Table, survey
from gradcheck.errors import InputError, UnknownNameError
from gradcheck.judge.verdicts import Status
from gradcheck.operators import Operator
from gradcheck.options import Options
from gradcheck.verification import verify

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
SYMPY = Options(backends=("sympy",))
EDGE = edges.select(["where(x > 0, x, 0)"])[0]


def chosen(*names):
    """Edge points by name, in the order of the table."""
    return [edge for edge in edges if edge.name in names]


def table_of(**values):
    """A table of one row with an AGREE for each engine."""
    answers = {engine: Answer(value, Status.AGREE, "") for engine, value in values.items()}
    return Table((Row(EDGE, "0", "1", answers, "0 (exact)"),), {"numpy": "2.0"})


@pytest.fixture(scope="module")
def surveyed():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    return survey(chosen("tanh(x) at x = 20", "abs(x) at x = 0"), SYMPY)


# -- wrong use ------------------------------------------------------------------------------------


def invoke(*arguments):
    app = typer.Typer()
    app.command()(conventions)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_an_unknown_formula_is_refused():
    assert isinstance(invoke("abs(y)").exception, UnknownNameError)


def test_an_unknown_engine_is_refused():
    assert isinstance(invoke("abs(x)", "--backends", "torhc").exception, UnknownNameError)


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    result = invoke("abs(x)", "--backends", "sympy", "--json", tmp_path / "no" / "folder.json")
    assert isinstance(result.exception, InputError)
    assert "folder.json" in str(result.exception)


# -- the table ------------------------------------------------------------------------------------


def test_rows_that_differ_are_counted():
    assert table_of(torch="0", jax="0").differing == 0
    assert table_of(torch="0", jax="0.5").differing == 1


def test_the_table_says_what_the_report_says(surveyed):
    for row in surveyed.rows:
        report = verify(row.edge.case(), SYMPY, [Operator.GRADIENT])
        verdict = report.verdict("sympy", "gradient")
        assert row.answers["sympy"].status is verdict.status
        assert row.answers["sympy"].reason == verdict.evidence.reason


def test_values_slopes_and_referee(surveyed):
    absolute, saturated = surveyed.rows
    assert (absolute.below, absolute.above) == ("-1", "1")
    assert absolute.answers["sympy"].value == "0"
    assert saturated.edge.formula == "tanh(x)"
    assert saturated.referee.startswith("1.69934e-17 (")


def test_the_same_run_gives_the_same_json(surveyed):
    again = survey(chosen("abs(x) at x = 0", "tanh(x) at x = 20"), SYMPY)
    assert again.to_json() == surveyed.to_json()
    data = json.loads(surveyed.to_json())
    assert set(data["points"]) == {"abs(x) at x = 0", "tanh(x) at x = 20"}
    assert data["points"]["abs(x) at x = 0"]["answers"]["sympy"]["value"] == "0"
    assert {"gradcheck", "numpy", "sympy"} <= set(data["versions"])


def test_the_command_writes_what_it_is_asked_for(tmp_path):
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    files = {kind: tmp_path / f"table.{kind}" for kind in ("json", "markdown", "html")}
    options = [part for kind, path in files.items() for part in (f"--{kind}", path)]
    result = invoke("abs(x)", "--backends", "sympy", *options)
    assert result.exit_code == 0, result.output
    assert "abs(x)" in result.output
    assert all("abs(x)" in path.read_text() for path in files.values())


# -- renderings -----------------------------------------------------------------------------------


def test_a_markdown_line_has_a_cell_for_each_column():
    table = table_of(torch="0", jax="0.5")
    line = markdown_line(table.rows[0], table.engines)
    assert line == "| `where(x > 0, x, 0)` | `x = 0` | 0 | 1 | 0 AGREE | 0.5 AGREE | 0 (exact) | " + EDGE.why + " |"


def test_what_does_not_agree_is_explained_once():
    wrong, right = Answer("2", Status.WRONG, "2 against 1"), Answer("1", Status.AGREE, "within")
    row = Row(EDGE, "0", "1", {"torch": wrong, "jax": right, "tensorflow": wrong}, "")
    assert notes([row]) == ["`where(x > 0, x, 0) at x = 0`: torch, tensorflow WRONG: 2 against 1"]


def test_the_pages_hold_the_rows_and_escape_them():
    table = table_of(torch="0", jax="0.5")
    assert markdown_line(table.rows[0], table.engines) in to_markdown(table).splitlines()
    page = to_html(table)
    assert "<code>where(x &gt; 0, x, 0)</code>" in page
    assert "x > 0" not in page


# -- the page that is checked in ------------------------------------------------------------------


def test_the_page_has_enough_points_of_each_framework():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(lines) >= 36
    assert len(lines) == len(edges)
    assert all(name in PAGE.read_text(encoding="utf-8") for name in FRAMEWORKS)


@pytest.fixture(scope="module")
def compared():
    """Rows of every framework, by formula."""
    for name in FRAMEWORKS:
        pytest.importorskip(name, reason=f"pip install 'gradcheck[{name}]'")
    formulas = ["abs(x)", "sum(cumprod(x))", "norm(x)", "tanh(x)", "expit(x)", "expm1(x)"]
    return survey(edges.select(formulas))


def rows_of(table, formula, kind=None):
    return [row for row in table.rows if row.edge.formula == formula and kind in (None, row.edge.kind)]


@pytest.mark.parametrize("formula", ["tanh(x)", "expit(x)", "expm1(x)"])
def test_a_gradient_lost_to_cancellation_is_imprecise_and_its_true_value_known(compared, formula):
    (row,) = rows_of(compared, formula, "saturation")
    lost = [answer for answer in row.answers.values() if answer.value == "0"]
    assert lost
    assert all(answer.status is Status.IMPRECISE for answer in lost)
    assert 0 < float(row.referee.split()[0]) < 1e-16


def test_a_wrong_rule_is_wrong_by_name(compared):
    for row in rows_of(compared, "sum(cumprod(x))"):
        statuses = {engine: answer.status for engine, answer in row.answers.items()}
        assert statuses == {"torch": Status.AGREE, "jax": Status.AGREE, "tensorflow": Status.WRONG}


def test_a_choice_is_a_convention_and_nan_is_not(compared):
    rows = rows_of(compared, "norm(x)", "zero")
    assert rows
    for answer in (answer for row in rows for answer in row.answers.values()):
        assert answer.status is (Status.NONFINITE if "nan" in answer.value else Status.CONVENTION)


def test_the_page_is_what_the_command_writes_today(compared):
    page = PAGE.read_text(encoding="utf-8")
    written = dict(re.findall(r"(\S+) (\d\S*?)(?:,|\.$)", page.partition("\n\nThe frameworks")[0]))
    if any(written.get(name) != compared.versions[name] for name in FRAMEWORKS):
        pytest.skip(f"the page is about other versions: {written}")
    for row in compared.rows:
        assert markdown_line(row, compared.engines) in page.splitlines()
