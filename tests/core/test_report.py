"""The Report: what it amounts to, and how it is shown."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import gradcheck
from gradcheck import Engine, Estimate
from gradcheck.discovery import Absence
from gradcheck.errors import InputError, UnknownNameError
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator
from gradcheck.report import Report
from gradcheck.report.terminal import numbers

NASTY = "<lambda> [red]*x*|`y`"
NAN, INF = float("nan"), float("inf")


def verdict(status="AGREE", engine="torch", operator="gradient", case="f", point="default", **rest):
    return Verdict(case, point, Engine.parse(engine), Operator(operator), Status(status), **rest)


def evidence(**changes):
    given = Evidence("2 against 1 of numerical; a factor 2", 2.0, 1.0, "numerical", 1.0, 1e-9, "error estimate", 3, 5)
    return replace(given, **changes)


def estimate(engine, *arrays, operator="gradient"):
    return Estimate(Engine.parse(engine), Operator(operator), tuple(np.asarray(a) for a in arrays))


WRONG = verdict("WRONG", evidence=evidence(), argument="w", index=(3, 1))
WITNESS = verdict(engine="numerical", witness=True)
ABSENT = Absence("jax", "missing", "jax is not installed", "pip install 'gradcheck[jax]'")


@pytest.fixture(scope="module")
def real():
    """Return a report with a wrong hand-written gradient and a Jacobian of a wrong shape."""

    def f(xp, x):
        return xp.sum(x**2)

    x = np.array([1.0, 2.0, 3.0])
    flipped = gradcheck.check(f, x, gradient=lambda x: -2 * x, backends=["numerical"], witness="numerical")
    misshapen = gradcheck.check(
        lambda xp, x: 2 * x, x, jacobian=lambda x: np.ones((4, 3)), backends=["numerical"], witness="numerical"
    )
    return Report.merge([flipped, misshapen])


# -- when a report is true ----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["INCONCLUSIVE", "NONDETERMINISTIC", "NONFINITE", "WRONG", "ERROR"])
@pytest.mark.parametrize("strict", [False, True])
def test_a_status_that_fails_makes_it_false(status, strict):
    report = Report((verdict(), verdict(status, "jax"), WITNESS), settings={"strict": strict})
    assert not report
    assert [str(v.engine) for v in report.failures] == ["jax"]


@pytest.mark.parametrize("status", ["IMPRECISE", "CONVENTION"])
def test_strict_refuses_imprecision_and_conventions(status):
    verdicts = (verdict(), verdict(status, "jax"))
    assert Report(verdicts)
    assert not Report(verdicts, settings={"strict": True})


def test_nothing_is_false():
    assert not Report(())
    assert not Report.merge([])
    assert not Report((WITNESS,)), "only a witness took part"


def test_a_witness_does_not_fail_a_report():
    assert Report((verdict(), verdict("INCONCLUSIVE", "numerical", witness=True)))


def test_an_operator_that_nobody_supports_makes_it_false():
    unsupported = verdict("UNSUPPORTED", operator="hvp")
    assert Report((verdict(), unsupported, verdict(engine="jax", operator="hvp")))
    report = Report((verdict(), unsupported, verdict(engine="numerical", operator="hvp", witness=True)))
    assert not report
    assert report.failures == ()
    assert report.unsupported == ("hvp of f",)
    elsewhere = Report((unsupported, verdict(engine="jax", operator="hvp", point="far")))
    assert not elsewhere, "supported at another point only"


# -- looking up ---------------------------------------------------------------------------------


def test_the_worst_fitting_verdict_is_found():
    verdicts = (verdict(), WRONG, verdict("UNSUPPORTED", operator="hvp"), verdict("IMPRECISE", "jax", case="g"))
    report = Report(verdicts)
    assert report.verdict("torch") is WRONG
    assert report.verdict("torch", "hvp").status is Status.UNSUPPORTED
    assert report.verdict("jax", case="g").status is Status.IMPRECISE
    assert Report(verdicts[2:3] + verdicts[:1]).verdict("torch").status is Status.AGREE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("troch",), "unknown engine of this report 'troch'; did you mean 'torch'"),
        (("torch", "jacobian"), "unknown operator of this report 'jacobian'; known: gradient"),
        (("torch", None, "ff"), "unknown case of this report 'ff'; did you mean 'f'"),
    ],
)
def test_a_verdict_that_is_not_there_has_suggestions(arguments, message):
    with pytest.raises(UnknownNameError, match=message):
        Report((verdict(), WITNESS)).verdict(*arguments)


def test_counts_and_matrix_are_in_order():
    report = Report((WRONG, verdict(engine="jax"), verdict(engine="jax", case="g"), WITNESS))
    assert report.counts() == {Status.AGREE: 3, Status.WRONG: 1}
    assert list(report.counts()) == [Status.AGREE, Status.WRONG]
    assert report.matrix() == {"jax": {Status.AGREE: 2}, "numerical": {Status.AGREE: 1}, "torch": {Status.WRONG: 1}}
    assert list(report.matrix()) == ["jax", "numerical", "torch"]


# -- merging ------------------------------------------------------------------------------------


def test_merging_keeps_everything():
    a = Report((verdict(),), (ABSENT,), {"seed": 1, "versions": {"torch": "2"}}, 1.0, (estimate("torch", 1.0),))
    b = Report((WRONG,), (ABSENT,), {"strict": True, "versions": {"jax": "3"}}, 2.0)
    merged = Report.merge(iter([a, b]))
    assert merged.verdicts == (a.verdicts[0], WRONG)
    assert merged.absences == (ABSENT,)
    assert merged.settings == {"seed": 1, "strict": True, "versions": {"torch": "2", "jax": "3"}}
    assert (merged.seconds, merged.estimates) == (3.0, ())
    assert Report.merge([a]).estimates == a.estimates
    assert "versions" not in b.settings or b.settings["versions"] == {"jax": "3"}


# -- JSON ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "numbers",
    [
        {"value": NAN, "difference": NAN},
        {"value": -INF, "reference": INF, "difference": INF, "tolerance": 0.0},
        {"value": 1 + 2j, "reference": complex(NAN, -INF), "difference": 1.0},
        {"value": None, "reference": None, "difference": None, "tolerance": None},
    ],
)
def test_json_keeps_all_numbers(numbers):
    report = Report((verdict("NONFINITE", evidence=evidence(**numbers)),), (ABSENT,), {"seed": 0}, 0.5)
    text = report.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    again = Report.from_json(text)
    assert repr(again.verdicts) == repr(report.verdicts)
    assert (again.absences, again.settings, again.seconds) == (report.absences, report.settings, 0.5)
    assert again.to_json() == text


def test_json_keeps_verdicts_whole():
    verdicts = (
        verdict("UNSUPPORTED", "jax:eager", "hvp", NASTY, "far"),
        replace(WRONG, engine=Engine("numerical", "central", "torch"), native=False, witness=True, seconds=0.25),
        verdict(index=()),
    )
    report = Report(verdicts, settings={"seed": 3})
    assert Report.from_json(report.to_json()) == report
    assert json.loads(report.to_json())["passed"] is False


def test_a_real_report_survives(real):
    again = Report.from_json(real.to_json())
    assert again.verdicts == real.verdicts
    assert str(again).splitlines()[-1] == str(real).splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a gradcheck report: JSONDecodeError"),
        ("[]", "not a gradcheck report: TypeError"),
        ("{}", "not a gradcheck report: KeyError"),
        ('{"gradcheck": 2}', "format 2; this gradcheck reads 1"),
        ('{"gradcheck": 1, "verdicts": [{"evidence": []}]}', "not a gradcheck report: AttributeError"),
        ('{"gradcheck": 1, "verdicts": 3}', "not a gradcheck report"),
    ],
)
def test_what_is_no_report_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        Report.from_json(text)


# -- the terminal -------------------------------------------------------------------------------


def shown(report, width=120, **options):
    text = io.StringIO()
    report.render(Console(file=text, width=width, color_system=None), **options)
    return text.getvalue()


def test_a_failing_verdict_says_who_where_by_how_much_and_against_what():
    report = Report((WRONG, WITNESS), (ABSENT,), seconds=1.23)
    lines = str(report).splitlines()
    assert "numerical (witness) │          │ AGREE" in lines
    assert "WRONG torch gradient of f at w[3, 1]: 2 against 1 of numerical; a factor 2" in lines
    assert "    off by 1 where 1e-09 is explained (error estimate); 3 of 5 elements" in lines
    assert "jax took no part (missing): jax is not installed; pip install 'gradcheck[jax]'" in lines
    assert lines[-1] == "not all agree: 1 WRONG of 2 verdicts; 1 case, 2 engines in 1.2 s"


@pytest.mark.parametrize(
    ("verdicts", "conclusion"),
    [
        ((), "nothing was checked"),
        ((verdict(),), "all agree: 1 case, 1 engine, 1 verdict"),
        ((verdict(), verdict(case="g")), "all agree: 2 cases, 1 engine, 2 verdicts"),
        ((verdict("INCONCLUSIVE"),), "could not be verified: 1 of 1 verdict; 1 case, 1 engine"),
        (
            (verdict("UNSUPPORTED"),),
            "could not be verified: no engine under test supports it; 1 case, 1 engine",
        ),
        (
            (verdict("INCONCLUSIVE"), verdict("ERROR", "jax"), verdict("WRONG", "sympy"), WITNESS),
            "not all agree: 1 ERROR, 1 WRONG, 1 INCONCLUSIVE of 4 verdicts; 1 case, 4 engines",
        ),
    ],
)
def test_the_last_line_concludes(verdicts, conclusion):
    assert str(Report(verdicts)).splitlines()[-1].removesuffix(" in 0.0 s") == conclusion


def test_an_assertion_shows_the_worst_verdict_in_one_line():
    text = repr(Report((verdict("INCONCLUSIVE", "jax"), WRONG)))
    assert text.startswith("<Report: WRONG torch gradient of f at w[3, 1]: 2 against 1 of numerical")
    assert "\n" not in text


def test_operators_with_the_same_failure_share_a_line():
    failed = [verdict("ERROR", operator=o, evidence=Evidence("f failed")) for o in ("value", "gradient")]
    other = verdict("ERROR", operator="hvp", evidence=Evidence("g failed"))
    text = str(Report((*failed, other)))
    assert "ERROR torch value, gradient of f: f failed" in text
    assert "ERROR torch hvp of f: g failed" in text


def test_many_failures_are_counted():
    report = Report(tuple(verdict("ERROR", case=f"case{i}", evidence=Evidence("failed")) for i in range(50)))
    assert "... and 30 more; the JSON report has them all" in str(report)


def test_verbose_explains_what_passes_as_well():
    report = Report((verdict(evidence=Evidence("within 3 ulps"), point="far"),))
    assert "within 3 ulps" not in shown(report)
    assert "AGREE torch gradient of f[far]: within 3 ulps" in shown(report, verbose=True)


def test_strict_failures_are_explained():
    report = Report((verdict("IMPRECISE", evidence=Evidence("it lost 3 digits")),), settings={"strict": True})
    assert "IMPRECISE torch gradient of f: it lost 3 digits" in str(report)


def test_derived_operators_are_marked():
    text = str(Report((verdict(native=False), verdict(engine="jax"), verdict("UNSUPPORTED", "sympy", native=False))))
    assert [line.split()[-1] for line in text.splitlines()[3:6]] == ["derived", "AGREE", "UNSUPPORTED"]


def test_names_are_never_markup():
    report = Report((verdict("ERROR", case=NASTY, evidence=Evidence("[bold]ValueError[/] :smile:")),))
    assert f"ERROR torch gradient of {NASTY}: [bold]ValueError[/] :smile:" in str(report)
    assert str(report).splitlines()[0] == NASTY


def test_a_string_has_no_escape_sequences(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    text = str(Report((WRONG, WITNESS)))
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())
    assert max(map(len, text.splitlines())) > 20


def test_numbers_are_short_and_exact():
    assert numbers(estimate("torch", -4.0, -4.0, 3.0)) == "(-4, -4, 3)"
    assert numbers(estimate("torch", [[1.0, 0.5], [1e-30, NAN]])) == "[[1, 0.5], [1e-30, nan]]"
    assert numbers(estimate("torch", 1 + 2j)) == "1+2j"
    assert numbers(estimate("torch", np.zeros((0, 3)))) == "[]"
    assert numbers(estimate("torch", np.zeros((30, 40)), np.zeros(40))) == "shape (30, 40), (40,)"
    assert numbers(estimate("torch", np.pi), 4) == "3.142"


def test_values_are_shown_with_as_many_digits_as_fit():
    third = estimate("torch", np.full(3, 1 / 3))
    report = Report((verdict(),), estimates=(third,))
    assert "[0.333333333, 0.333333333, 0.333333333]" in shown(report)
    assert "[0.333333, 0.333333, 0.333333]" in shown(report, width=48)
    assert "shape (3,)" in shown(report, width=30)
    for width in (30, 48, 120):
        assert all(len(line) <= width for line in shown(report, width).splitlines()[:4])


def test_no_value_is_shown_for_several_points():
    report = Report((verdict(point="a"), verdict("WRONG", point="b")), estimates=(estimate("torch", 12345.0),))
    assert "12345" not in str(report)
    assert str(report).splitlines()[0] == "f at 2 points, the worst of each"
    assert str(report).splitlines()[3].split()[-1] == "WRONG"


def test_many_cases_are_a_matrix():
    report = Report((verdict(), verdict(case="g"), replace(WRONG, engine=Engine("jax")), WITNESS))
    rows = [line.split() for line in str(report).splitlines()[:5]]
    assert rows[0] == ["engine", "┃", "AGREE", "┃", "WRONG"]
    assert rows[2:] == [["jax", "│", "│", "1"], ["numerical", "(witness)", "│", "1", "│"], ["torch", "│", "2", "│"]]


# -- HTML and Markdown --------------------------------------------------------------------------


def test_html_is_self_contained_and_escaped():
    hostile = "<script>alert(1)</script>"
    report = Report(
        (replace(WRONG, case=NASTY, evidence=evidence(reason=hostile), argument="p['<b>']"),),
        (Absence("jax", "broken", hostile, hostile),),
        {"seed": 7, "versions": {hostile: hostile}},
    )
    page = report.to_html()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;lambda&gt; [red]*x*|`y`" in page
    assert not [word for word in ("http:", "https:", "src=", "href=", "@import", "url(") if word in page]
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    "report",
    [
        Report(()),
        Report((verdict(),)),
        Report((verdict("UNSUPPORTED"),), (ABSENT,)),
        Report((verdict("NONFINITE", evidence=evidence(value=NAN, reference=1 + 2j, difference=INF)),)),
        Report((verdict("WRONG", evidence=evidence(tolerance=None)),)),
        Report((verdict("ERROR", evidence=Evidence("f failed")),)),
    ],
)
def test_every_report_has_every_form(report):
    conclusion = str(report).splitlines()[-1]
    assert conclusion in report.to_html()
    assert report.to_markdown().startswith(f"**{conclusion}**")
    assert ('class="conclusion fails"' in report.to_html()) is not bool(report)


def test_html_of_a_real_report(real):
    page = real.to_html()
    assert page.count("<article") == 3  # wrong gradient, wrong Jacobian, and nothing to hold the numerics against
    assert "returned shape (4, 3)" in page
    assert "seed 0, gradcheck " in page


def test_markdown_shows_names_as_they_are():
    report = Report(
        (verdict(), replace(WRONG, engine=Engine("jax"), case=NASTY)), (ABSENT,), {"versions": {"jax": "1.2"}}
    )
    text = report.to_markdown()
    assert "| `jax` |  | 1 |" in text
    assert "| `torch` | 1 |  |" in text
    fenced = text.split("```text\n")[1].split("\n```")[0]
    assert f"WRONG jax gradient of {NASTY} at w[3, 1]" in fenced
    assert "jax took no part (missing)" in fenced
    assert text.rstrip().endswith("jax 1.2")


def test_markdown_fences_are_longer_than_what_they_hold():
    text = Report((verdict("ERROR", evidence=Evidence("````python")),)).to_markdown()
    assert "\n`````text\n" in text
    assert text.count("\n`````\n") == 1
