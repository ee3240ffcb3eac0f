"""The report on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcheck.backend import Estimate
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator

if TYPE_CHECKING:
    from gradcheck.report import Report

STYLES = {
    Status.AGREE: "green",
    Status.IMPRECISE: "yellow",
    Status.CONVENTION: "yellow",
    Status.UNSUPPORTED: "dim",
    Status.INCONCLUSIVE: "magenta",
    Status.NONDETERMINISTIC: "bold red",
    Status.NONFINITE: "bold red",
    Status.WRONG: "bold red",
    Status.ERROR: "bold red",
}
FEW = 9
"""The most elements of an estimate that a table shows."""
EXPLAINED = 20
"""The most failing verdicts that are explained one by one."""


def render(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the table and, below it, why."""
    cases = {v.case for v in report.verdicts}
    console.print(single_table(report) if len(cases) == 1 else matrix_table(report))
    for line in explanations(report, verbose=verbose):
        console.print(line, soft_wrap=True)
    for absence in report.absences:
        console.print(
            Text(f"{absence.backend} took no part ({absence.state}): {absence.reason}; {absence.remedy}", "dim")
        )
    console.print(conclusion(report))


def single_table(report: Report) -> Table:
    """Return the table of one case: a row an engine, a column an operator, with the values where they are few."""
    operators = list(dict.fromkeys(v.operator for v in report.verdicts))
    points = list(dict.fromkeys(v.point for v in report.verdicts))
    case = report.verdicts[0].case if report.verdicts else ""
    table = Table(
        title=Text(case), title_justify="left", title_style="bold", header_style="bold", show_edge=False, pad_edge=False
    )
    table.add_column("engine")
    for operator in operators:
        table.add_column(operator.value)
        table.add_column("")
    shown = _shown(report) if len(points) == 1 else {}
    for engine in dict.fromkeys(str(v.engine) for v in report.verdicts):
        found = [v for v in report.verdicts if str(v.engine) == engine]
        name = engine + (" (witness)" if found[0].witness else "")
        cells: list[Text] = []
        for operator in operators:
            here = [v for v in found if v.operator is operator]
            worst = max(here, key=lambda v: list(Status).index(v.status), default=None)
            cells.append(Text(shown.get((engine, operator), "")))
            cells.append(Text(worst.status.value, STYLES[worst.status]) if worst is not None else Text())
        table.add_row(Text(name), *cells)
    return table


def _shown(report: Report) -> dict[tuple[str, Operator], str]:
    return {(str(e.engine), e.operator): numbers(e) for e in report.estimates}


def numbers(estimate: Estimate) -> str:
    """Return an estimate's elements in few characters, or its shapes where there are many."""
    if sum(a.size for a in estimate.arrays) > FEW:
        return ", ".join(str(a.shape) for a in estimate.arrays)
    parts = [
        np.array2string(a, precision=8, separator=", ", suppress_small=False).replace("\n", "")
        if a.ndim
        else _number(a.item())
        for a in estimate.arrays
    ]
    return parts[0] if len(parts) == 1 else "(" + ", ".join(parts) + ")"


def _number(value: complex) -> str:
    return f"{value:.9g}"


def matrix_table(report: Report) -> Table:
    """Return the table of many cases: a row an engine, a column a status."""
    columns = list(report.counts())
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    table.add_column("engine")
    for status in columns:
        table.add_column(Text(status.value, STYLES[status]), justify="right")
    witnesses = {str(v.engine) for v in report.verdicts if v.witness}
    for engine, counted in report.matrix().items():
        name = engine + (" (witness)" if engine in witnesses else "")
        table.add_row(Text(name), *(str(counted[s]) if s in counted else "" for s in columns))
    return table


def explanations(report: Report, *, verbose: bool = False) -> list[Text]:
    """Return a line or two for each verdict that fails, and with `verbose` for every one."""
    chosen = [v for v in report.verdicts if verbose or not (v.status.passes or v.status is Status.UNSUPPORTED)]
    if not verbose:
        chosen += [v for v in report.failures if v.status.passes]
        if len({v.case for v in report.verdicts}) == 1:
            chosen += [v for v in report.verdicts if v.status is Status.UNSUPPORTED]
    lines = [explanation(v) for v in chosen[:EXPLAINED]]
    if len(chosen) > EXPLAINED:
        lines.append(Text(f"... and {len(chosen) - EXPLAINED} more; --json has them all", "dim"))
    lines += [Text(f"{what}: no engine under test supports it", "bold red") for what in report.unsupported[:EXPLAINED]]
    return lines


def explanation(verdict: Verdict) -> Text:
    """Return why a verdict is what it is: who, where, by how much, against what."""
    evidence = verdict.evidence
    point = "" if verdict.point == "default" else f"[{verdict.point}]"
    text = Text()
    text.append(f"{verdict.status.value} ", STYLES[verdict.status])
    text.append(f"{verdict.engine} {verdict.operator} of {verdict.case}{point}")
    if verdict.element:
        text.append(f" at {verdict.element}")
    text.append(f": {evidence.reason}")
    off = evidence.difference
    if off is not None and off == off and not verdict.status.passes and evidence.tolerance is not None:
        text.append(
            f"\n    off by {off:.3g}, explained {evidence.tolerance:.3g} ({evidence.tolerance_source}); "
            f"{evidence.wrong} of {evidence.elements} elements"
        )
    return text


def conclusion(report: Report) -> Text:
    """Return the last line: whether all agree, on how much, in what time."""
    cases = len({v.case for v in report.verdicts})
    engines = len({v.engine for v in report.verdicts})
    size = f"{cases} case{'s' * (cases != 1)}, {engines} engine{'s' * (engines != 1)}, {len(report.verdicts)} verdicts"
    if report:
        return Text(f"all agree: {size} in {report.seconds:.1f} s", "bold green")
    inconclusive = all(v.status is Status.INCONCLUSIVE for v in report.failures)
    if not report.verdicts:
        return Text("nothing was checked", "bold red")
    if inconclusive and report.failures:
        return Text(f"could not be verified: {size} in {report.seconds:.1f} s", "bold magenta")
    return Text(
        f"{len(report.failures)} of {len(report.verdicts)} verdicts fail: {size} in {report.seconds:.1f} s", "bold red"
    )
