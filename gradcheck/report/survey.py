"""What a run covered, field by field, and the known defects that it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcheck.cases import Case
from gradcheck.judge.verdicts import Status
from gradcheck.report import Report
from gradcheck.report.terminal import STYLES, defects_shown


def render(report: Report, cases: Sequence[Case], console: Console) -> None:
    """Print a row for each field of the cases, the known defects that show, and how much is left unexplained."""
    console.print(_fields(report, cases))
    if report.explained:
        console.print(Text("known defects", "bold"))
        console.print(_defects(report))
    left = Counter(v.status for v in report.failures if not v.status.passes)
    told = ", ".join(f"{left[status]} {status}" for status in Status if left[status]) or "0"
    console.print(f"{told} unexplained, {len(report.explained)} by known defects", highlight=False)


def _fields(report: Report, cases: Sequence[Case]) -> Table:
    """Count cases, points, operators and verdicts of each field."""
    fields: dict[str, list[Case]] = {}
    for case in cases:
        fields.setdefault(case.field, []).append(case)
    statuses = list(report.counts())
    table = Table("field", box=box.SIMPLE_HEAD)
    for name in ("cases", "points", "second order", "verdicts"):
        table.add_column(name, justify="right")
    for status in statuses:
        table.add_column(Text(status.value, STYLES[status]), justify="right")
    for field, members in [*sorted(fields.items()), ("all", list(cases))]:
        names = {case.name for case in members}
        here = [v for v in report.verdicts if v.case in names]
        counted = Counter(v.status for v in here)
        facts = (
            len(members),
            len({(v.case, v.point) for v in here}),
            sum(any(o.order == 2 for o in case.operators) for case in members),
            len(here),
        )
        table.add_row(field, *(str(n or "") for n in (*facts, *(counted[s] for s in statuses))))
    return table


def _defects(report: Report) -> Table:
    table = Table("framework", "case", "operators", "verdict", "value", "right", "what is wrong", box=box.SIMPLE_HEAD)
    for shown in defects_shown(report):
        status = Text(shown.status.value, STYLES[shown.status])
        what = f"{shown.what} {shown.link}".strip()
        table.add_row(shown.versions, shown.where, shown.operators, status, shown.value, shown.right, what)
    return table
