"""The report on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcheck.estimates import Estimate
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator
from gradcheck.report import place, severity

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
DIGITS = (9, 6, 4)
"""Significant digits to show numbers with, as many as fit."""
LEFT_OUT_SHOWN = 5
"""The most points left out that are named."""
EXPLAINED = 20
"""The most failing verdicts that are explained one by one."""


def render(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the table and, below it, why."""
    if len({v.case for v in report.verdicts}) == 1:
        console.print(heading(report), soft_wrap=True)
        console.print(single_table(report, console.width))
    elif report.verdicts:
        console.print(matrix_table(report))
    for line in lines(report, verbose=verbose):
        console.print(line, soft_wrap=True)


def lines(report: Report, *, verbose: bool = False) -> list[Text]:
    """Return what stands below the table: why, who took no part, and the conclusion."""
    absent = [Text(f"{a.backend} took no part ({a.state}): {a.reason}; {a.remedy}", "dim") for a in report.absences]
    absent += [Text(left_out(report), "dim")] if report.left_out else []
    return [*explanations(report, verbose=verbose), *absent, conclusion(report)]


def left_out(report: Report) -> str:
    """Return which points a report is not on, since its dtype cannot hold them."""
    count = len(report.left_out)
    named = ", ".join(report.left_out[:LEFT_OUT_SHOWN]) + (", ..." if count > LEFT_OUT_SHOWN else "")
    return f"{count} {'point' if count == 1 else 'points'} left out, which only double precision can hold: {named}"


def heading(report: Report) -> Text:
    """Return the name of the only case, and at how many points it was checked."""
    points = len({v.point for v in report.verdicts})
    where = f" at {points} points, the worst of each" if points > 1 else ""
    return Text(report.verdicts[0].case + where, "bold")


def single_table(report: Report, width: int) -> Table:
    """Return the table of one case: a row an engine, a column an operator, with the values where they fit.

    Parameters
    ----------
    report : Report
        On one case.
    width : int
        How many characters a line has.
    """
    operators = list(dict.fromkeys(v.operator for v in report.verdicts))
    engines = {str(v.engine): _engine_label(report, str(v.engine)) for v in report.verdicts}
    points = len({v.point for v in report.verdicts})
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    table.add_column("engine", no_wrap=True)
    statuses = {o: {engine: _worst(report, engine, o) for engine in engines} for o in operators}
    taken = max(map(len, engines.values())) + sum(max(map(len, c.values())) + _LINES for c in statuses.values())
    shown = _columns(report, operators, width - taken) if points == 1 else {}
    for operator in operators:
        table.add_column(operator.value, no_wrap=True)
        table.add_column("", no_wrap=True)
    for engine, label in engines.items():
        cells = [(Text(shown.get(o, {}).get(engine, "")), statuses[o][engine]) for o in operators]
        table.add_row(Text(label), *(text for cell in cells for text in cell))
    return table


_LINES = 6
"""What the lines and spaces beside a value and a status take, in characters."""


def _engine_label(report: Report, engine: str) -> str:
    return engine + (" (witness)" if engine in witnesses(report) else "")


def witnesses(report: Report) -> set[str]:
    """Return the engines that took part as witnesses only."""
    return {str(v.engine) for v in report.verdicts} - {str(v.engine) for v in report.verdicts if not v.witness}


def _worst(report: Report, engine: str, operator: Operator) -> Text:
    """Return the worst status of an engine and operator, and whether the operator was derived."""
    found = [v for v in report.verdicts if str(v.engine) == engine and v.operator is operator]
    if not found:
        return Text()
    verdict = max(found, key=lambda v: severity(v.status))
    derived = not verdict.native and verdict.status is not Status.UNSUPPORTED
    return Text.assemble((verdict.status.value, STYLES[verdict.status]), (" derived" if derived else "", "dim"))


def _columns(report: Report, operators: Sequence[Operator], room: int) -> dict[Operator, dict[str, str]]:
    """Return each operator's cells by engine: numbers with as many digits as fit in the room, else shapes."""
    estimates = {o: [e for e in report.estimates if e.operator is o] for o in operators}
    columns = {o: {str(e.engine): shapes(e) for e in given} for o, given in estimates.items()}
    room -= sum(_width(o, columns[o]) for o in operators)
    for operator, given in estimates.items():
        for digits in DIGITS:
            column = {str(e.engine): numbers(e, digits) for e in given}
            more = _width(operator, column) - _width(operator, columns[operator])
            if more <= room:
                columns[operator], room = column, room - more
                break
    return columns


def _width(operator: Operator, column: Mapping[str, str]) -> int:
    return max(map(len, (operator, *column.values())))


def numbers(estimate: Estimate, digits: int = DIGITS[0]) -> str:
    """Return an estimate's elements, or its shapes where there are many."""
    if sum(a.size for a in estimate.arrays) > FEW:
        return shapes(estimate)
    parts = [_nested(a.tolist(), digits) for a in estimate.arrays]
    return parts[0] if len(parts) == 1 else "(" + ", ".join(parts) + ")"


def _nested(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_nested(v, digits) for v in value) + "]"
    return f"{value:.{digits}g}"


def shapes(estimate: Estimate) -> str:
    """Return the shapes of an estimate's arrays."""
    return "shape " + ", ".join(str(a.shape) for a in estimate.arrays)


def matrix_table(report: Report) -> Table:
    """Return the table of many cases: a row an engine, a column a status."""
    columns = list(report.counts())
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    table.add_column("engine")
    for status in columns:
        table.add_column(Text(status.value, STYLES[status]), justify="right")
    for engine, counted in report.matrix().items():
        cells = (str(counted[s]) if s in counted else "" for s in columns)
        table.add_row(Text(_engine_label(report, engine)), *cells)
    return table


def explanations(report: Report, *, verbose: bool = False) -> list[Text]:
    """Return a line or two for each verdict that fails, and with `verbose` for every one.

    Operators of one engine that have the same to say share their lines.
    """
    single = len({v.case for v in report.verdicts}) == 1
    chosen = [v for v in report.verdicts if verbose or _told(v, single)]
    groups = grouped(chosen)
    told = [explanation(verdict, operators) for verdict, operators in groups[:EXPLAINED]]
    if len(groups) > EXPLAINED:
        told.append(Text(f"... and {len(groups) - EXPLAINED} more; the JSON report has them all", "dim"))
    told += [Text(f"{what}: no engine under test supports it", "bold red") for what in report.unsupported[:EXPLAINED]]
    return told


def _told(verdict: Verdict, single: bool) -> bool:
    """Whether a verdict is explained without being asked: what is known of one among many is counted instead."""
    if verdict.explained or verdict.status is Status.UNSUPPORTED:
        return single
    return verdict.stale or verdict.status is not Status.AGREE


def grouped(verdicts: Iterable[Verdict]) -> list[tuple[Verdict, list[Operator]]]:
    """Return one verdict, and the operators, of each group that differs in nothing but the operator."""
    groups: dict[Any, tuple[Verdict, list[Operator]]] = {}
    for v in verdicts:
        evidence = repr(v.evidence)  # NaN is not itself
        key = (v.case, v.point, v.engine, v.status, v.argument, v.index, evidence, v.known)
        groups.setdefault(key, (v, []))[1].append(v.operator)
    return list(groups.values())


def explanation(verdict: Verdict, operators: Sequence[Operator] = ()) -> Text:
    """Return why a verdict is what it is: who, where, by how much, against what.

    Parameters
    ----------
    verdict : Verdict
        The verdict.
    operators : sequence of Operator
        The operators of which the same is to be said; by default the verdict's own.
    """
    what = ", ".join(operators or (verdict.operator,))
    text = Text.assemble(
        (verdict.status.value, STYLES[verdict.status]),
        f" {verdict.engine} {what} of {place(verdict.case, verdict.point)}",
    )
    if verdict.element:
        text.append(f" at {verdict.element}")
    text.append(f": {verdict.evidence.reason}")
    for more in (distance(verdict), expectation(verdict)):
        if more:
            text.append(f"\n    {more}")
    return text


def expectation(verdict: Verdict) -> str:
    """Return what the table of known defects says of a verdict; empty where it says nothing."""
    if verdict.known is None:
        return ""
    if verdict.explained:
        return f"a known defect: {verdict.known}"
    return (
        f"no longer the known defect, {verdict.known.status}: {verdict.known}; correct its row in the table of defects"
    )


def _right(verdict: Verdict) -> str:
    """Return the value at the worst element that an engine should have, and who says so."""
    evidence = verdict.evidence
    if evidence.bound is not None:
        low, high = evidence.bound
        return f"{(low + high) / 2:.13g} (certified)"
    return "" if evidence.reference is None else f"{evidence.reference:.13g} ({evidence.reference_engine})"


class Shown(NamedTuple):
    """A known defect that shows at a point, in the cells of a table; `value` is wrong, `right` is not."""

    versions: str
    where: str
    operators: str
    status: Status
    value: str
    right: str
    what: str
    link: str


def defects_shown(report: Report) -> list[Shown]:
    """Return the known defects that show, framework by framework and defect by defect."""
    ordered = sorted(report.explained, key=lambda v: (str(v.engine), str(v.known), v.case, v.point))
    return [_shown(verdict, operators) for verdict, operators in grouped(ordered)]


def _shown(verdict: Verdict, operators: Sequence[Operator]) -> Shown:
    known, value = verdict.known, verdict.evidence.value
    assert known is not None  # that is what explained means
    where = place(verdict.case, verdict.point) + (f" at {verdict.element}" if verdict.element else "")
    number = "" if value is None else f"{value:.13g}"
    versions = known.versions + (f", {verdict.engine.mode}" if verdict.engine.mode else "")
    return Shown(versions, where, ", ".join(operators), verdict.status, number, _right(verdict), known.what, known.link)


def distance(verdict: Verdict) -> str:
    """Return how far off a failing verdict is, and how much of that is explained; empty where that says nothing."""
    evidence = verdict.evidence
    if verdict.status.passes or evidence.difference is None or evidence.tolerance is None:
        return ""
    if not np.isfinite(evidence.difference):
        return ""
    return (
        f"off by {evidence.difference:.3g} where {evidence.tolerance:.3g} is explained ({evidence.tolerance_source}); "
        f"{evidence.wrong} of {_counted(evidence.elements, 'element')}"
    )


def conclusion(report: Report) -> Text:
    """Return the last line: whether all agree, on how much, in what time."""
    if not report.verdicts:
        return Text("nothing was checked", "bold red")
    cases, engines = {v.case for v in report.verdicts}, {v.engine for v in report.verdicts}
    size = f"{_counted(len(cases), 'case')}, {_counted(len(engines), 'engine')}"
    took = f"in {report.seconds:.1f} s" + _imposed(report) + _explained(report)
    verdicts = _counted(len(report.verdicts), "verdict")
    if report:
        lesser = Counter(v.status for v in report.verdicts if v.status.passes and v.status is not Status.AGREE)
        found = "".join(f", {count} {status}" for status, count in lesser.items())
        return Text(f"all {'pass' if lesser else 'agree'}{found}: {size}, {verdicts} {took}", "bold green")
    stale = sum(v.stale for v in report.failures)
    failing = Counter(v.status for v in report.failures if not v.stale)
    if set(failing) == {Status.INCONCLUSIVE}:
        return Text(f"could not be verified: {failing.total()} of {verdicts}; {size} {took}", "bold magenta")
    if stale:
        found = f"{_counted(stale, 'verdict')} no longer as the table of known defects expects"
        return Text(f"{found}, {failing.total()} more failing; {size} {took}", "bold red")
    if not failing:
        return Text(f"could not be verified: no engine under test supports it; {size} {took}", "bold red")
    found = ", ".join(f"{failing[status]} {status}" for status in reversed(Status) if failing[status])
    return Text(f"not all agree: {found} of {verdicts}; {size} {took}", "bold red")


def _explained(report: Report) -> str:
    """Count the known defects that show."""
    return f"; {_counted(len(report.explained), 'verdict')} by known defects" if report.explained else ""


def _imposed(report: Report) -> str:
    """Say that the tolerances are not gradcheck's own, where they are not."""
    given = [f"{name}={report.settings[name]:g}" for name in ("rtol", "atol") if report.settings.get(name) is not None]
    return f"; tolerances were imposed: {', '.join(given)}" if given else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
