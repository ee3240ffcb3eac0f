"""The report as one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from gradcheck.judge.verdicts import Verdict
from gradcheck.report import place, severity
from gradcheck.report.terminal import conclusion, defects_shown, expectation, grouped, witnesses

if TYPE_CHECKING:
    from gradcheck.report import Report


def page(report: Report) -> str:
    """Return the page: the conclusion, what failed and why, engines by status, cases by engine, all verdicts."""
    environment = Environment(
        loader=PackageLoader("gradcheck.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(place=place, expectation=expectation)
    failures = set(report.failures)
    verdicts = sorted(report.verdicts, key=_order)
    return environment.get_template("report.html.jinja").render(
        report=report,
        conclusion=conclusion(report).plain,
        statuses=list(report.counts()),
        witnesses=witnesses(report),
        grid=_grid(verdicts),
        verdicts=verdicts,
        failing=grouped(v for v in verdicts if v in failures),
        explained=defects_shown(report),
    )


def _order(verdict: Verdict) -> tuple[int, str, str, str, str]:
    """Sort the worst first."""
    return -severity(verdict.status), verdict.case, verdict.point, verdict.operator, str(verdict.engine)


def _grid(verdicts: list[Verdict]) -> dict[str, dict[str, Verdict]]:
    """Return, for each case and engine, the worst verdict; `verdicts` has the worst first."""
    grid: dict[str, dict[str, Verdict]] = {case: {} for case in sorted({v.case for v in verdicts})}
    for verdict in verdicts:
        grid[verdict.case].setdefault(str(verdict.engine), verdict)
    return grid
