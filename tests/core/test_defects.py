"""The table of known defects: what shows is explained, what was mended or is new is not."""

import json
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gradcheck import Report, discovery
from gradcheck.backend import Engine
from gradcheck.defects import TABLE, Defect, explained, marked
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator
from gradcheck.report import place
from gradcheck.verification import operators_of

SHOWS = {"f[edge]": {"gradient": Status.WRONG}}
ROW = Defect("numerical", "numpy>=1", "loses a term", SHOWS, "https://example.org/1")


def verdict(status, *, engine="numerical", point="edge", case="f"):
    return Verdict(case, point, Engine.parse(engine), Operator.GRADIENT, status)


def known(verdicts, table, dtype="float64"):
    return marked(verdicts, dict.fromkeys(("edge", "ordinary"), dtype), table)


def report(*verdicts):
    return Report(tuple(known(verdicts, [ROW])))


AGREEING = verdict(Status.AGREE, engine="sympy")


def test_a_defect_that_shows_is_explained():
    found = report(verdict(Status.WRONG), AGREEING)
    assert found
    assert [v.known.what for v in found.explained] == ["loses a term"]
    assert "1 verdict by known defects" in str(found)
    assert "https://example.org/1" in str(found)


def test_a_defect_that_was_mended_fails_until_its_row_is_removed():
    found = report(verdict(Status.AGREE), AGREEING)
    assert not found
    assert "no longer the known defect, WRONG: loses a term" in str(found)
    assert "correct its row" in str(found)


def test_a_defect_that_shows_otherwise_fails_too():
    assert not report(verdict(Status.NONFINITE), AGREEING)


@pytest.mark.parametrize(
    "other", [{"point": "ordinary"}, {"case": "g"}, {"engine": "sympy"}, {"engine": "numerical@torch"}]
)
def test_a_row_explains_nothing_beside_it(other):
    assert not report(verdict(Status.WRONG, **other), AGREEING)


def test_a_row_for_one_mode_says_nothing_of_another():
    row = Defect("numerical:central", "numpy>=1", "loses a term", SHOWS)
    assert known([verdict(Status.WRONG)], [row])[0].known is None
    assert known([verdict(Status.WRONG, engine="numerical:central")], [row])[0].explained
    every = Defect("numerical:*", "numpy>=1", "loses a term", SHOWS)
    assert all(
        v.explained
        for v in known([verdict(Status.WRONG, engine=e) for e in ("numerical:ridders", "numerical")], [every])
    )


@pytest.mark.parametrize("versions", ["numpy<1", "no-such-distribution>=1"])
def test_a_row_for_another_version_is_not_applied(versions):
    row = Defect("numerical", versions, "loses a term", SHOWS)
    assert known([verdict(Status.WRONG)], [row])[0].known is None


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_in_another_dtype_a_row_explains_what_shows_and_nothing_has_to(dtype):
    assert known([verdict(Status.WRONG)], [ROW], dtype)[0].explained
    assert known([verdict(Status.AGREE)], [ROW], dtype)[0].known is None
    assert known([verdict(Status.NONFINITE)], [ROW], dtype)[0].known is None


def test_in_another_mode_too():
    assert known([verdict(Status.WRONG, engine="numerical:central")], [ROW])[0].explained
    assert known([verdict(Status.AGREE, engine="numerical:central")], [ROW])[0].known is None


def test_what_single_precision_alone_shows_has_to_show_there():
    row = Defect("numerical", "numpy>=1", "loses a term", {}, single=SHOWS)
    assert known([verdict(Status.WRONG)], [row], "float32")[0].explained
    assert known([verdict(Status.AGREE)], [row], "float32")[0].stale
    assert known([verdict(Status.WRONG)], [row])[0].known is None


SAMPLED = Defect("numerical", "numpy>=1", "loses a term", {}, samples={"tests:f": ("gradient",)})


@pytest.mark.parametrize(
    ("status", "engine", "case", "source", "expected"),
    [
        (Status.WRONG, "numerical", "f", "tests", True),
        (Status.NONFINITE, "numerical:central", "f", "tests", True),
        (Status.INCONCLUSIVE, "sympy", "f", "tests", True),  # beside one that is wrong, nobody can be sure
        (Status.WRONG, "sympy", "f", "tests", False),
        (Status.WRONG, "numerical", "g", "tests", False),
        (Status.WRONG, "numerical", "f", "others", False),
        (Status.AGREE, "numerical", "f", "tests", False),
        (Status.UNSUPPORTED, "numerical", "f", "tests", False),
    ],
)
def test_on_samples_a_row_explains_what_fails_and_nothing_has_to(status, engine, case, source, expected):
    (found,) = explained([verdict(status, engine=engine, case=case)], source, [SAMPLED])
    assert found.explained is expected
    assert not found.stale


def test_on_samples_another_version_explains_nothing():
    row = Defect("numerical", "numpy<1", "loses a term", {}, samples=SAMPLED.samples)
    assert explained([verdict(Status.WRONG)], "tests", [row])[0].known is None


def test_what_an_engine_cannot_do_shows_nothing():
    assert known([verdict(Status.UNSUPPORTED)], [ROW])[0].known is None


def test_json_keeps_what_is_known():
    found = report(verdict(Status.WRONG), AGREEING)
    again = Report.from_json(found.to_json())
    assert again.verdicts == found.verdicts
    assert json.loads(found.to_json())["verdicts"][0]["known"]["status"] == "WRONG"


def test_html_lists_the_defects_that_show():
    page = report(verdict(Status.WRONG), AGREEING).to_html()
    assert "Known defects that show" in page
    assert 'href="https://example.org/1"' in page


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.engine}: {row.what}")
def test_every_row_speaks_of_what_there_is(row):
    discovery.load_catalogue()
    from gradcheck import registry

    places = {place(c.name, point): c for c in registry if c.builtin for point in c.points()}
    assert row.shows or row.single or row.samples
    assert {operator for operators in row.samples.values() for operator in operators} <= {"value", "vjp", "jvp"}
    for where, expected in (*row.shows.items(), *row.single.items()):
        assert where in places
        asked = {"value", *operators_of(places[where])}
        assert expected
        assert set(expected) <= asked
        assert not any(status.passes for status in expected.values())
    assert row.engine.partition(":")[0] in discovery.names()
    assert Requirement(row.versions).specifier
    assert row.what
    assert not row.link or row.link.startswith("https://")


def test_the_page_shows_every_row_of_a_framework():
    page = (Path(__file__).parents[2] / "docs" / "defects.md").read_text(encoding="utf-8")
    rows = [row for row in TABLE if row.engine in ("torch", "jax", "tensorflow")]
    assert rows
    assert [row.what for row in rows if row.what.replace("|", "\\|") not in page] == []


def test_no_two_rows_speak_of_the_same_verdict():
    for shows in (lambda row: row.shows, lambda row: row.single):
        keys = [(row.engine, where, operator) for row in TABLE for where, ops in shows(row).items() for operator in ops]
        assert len(keys) == len(set(keys))
