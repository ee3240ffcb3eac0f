"""The audit in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gradcheck.audit.alarms import Alarms
from gradcheck.audit.faults import VISIBLE
from gradcheck.audit.summary import Row, Share, Summary, order_of, peer_alarms

LINES = 12
"""How many single mutants and verdicts are listed at most."""
RULE = (
    f"A mutant counts if its fault exceeds {VISIBLE:g} times what an ulp of the function's output amounts to, "
    "noise(f) / scale(x), in some element; the others are excluded. Found: the report is false. Named: the verdict is "
    "WRONG, NONFINITE or NONDETERMINISTIC, not INCONCLUSIVE (ERROR too for an extra axis and an overwritten input). "
    "The frameworks' checkers are asked at their defaults about the same mutants, and accept or reject them; a row is "
    "lost to one that does so more often than gradcheck and accepts the right rule at those points. "
    "TensorFlow's compute_gradient does not judge: its two Jacobians are held to assertAllClose at its defaults, "
    "as its documentation does."
)


def render(summary: Summary, console: Console) -> None:
    """Print an audit: a table for each setting, the false alarms, and the promised figures."""
    rows = sorted(summary.rows(), key=lambda r: order_of(r.kind))
    for key in dict.fromkeys((r.setting, r.dtype) for r in summary.rows()):
        console.print(_faults([r for r in rows if (r.setting, r.dtype) == key], f"{key[0]}, {key[1]}"))
    if summary.alarms:
        console.print(_alarms(summary))
    console.print(RULE, style="dim", highlight=False)
    _list("not named", _missed(summary), console)
    _list("said of correct functions", [line for a in summary.alarms for line in a.lines], console)
    _list("lost to a framework's own checker", summary.lost(), console)
    _list("could not be done", summary.failures, console)
    console.print(_promises(summary))
    if len(summary.done) < summary.planned:
        console.print(f"interrupted: {len(summary.done)} of {summary.planned} tasks were done", style="bold")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def _faults(rows: Sequence[Row], title: str) -> Table:
    peers = list(dict.fromkeys(name for row in rows for name in row.peers()))
    table = _table(f"Faults, {title}", "kind", "mutants", "excluded", "found", "named", *peers)
    for row in rows:
        shares = row.peers()
        theirs = [str(shares.get(name, "-")) for name in peers]
        figures = (str(len(row.examined)), str(row.excluded), str(row.caught), str(row.named))
        table.add_row(escape(row.kind), *figures, *theirs, style="bold" if row.named.value < 1 else "")
    return table


def _alarms(summary: Summary) -> Table:
    groups = summary.alarm_rows()
    peers = list(dict.fromkeys(name for alarms in groups.values() for name in peer_alarms(alarms)))
    table = _table(
        "Correct functions", "sort", "dtype", "checks", "WRONG", "INCONCLUSIVE", *(f"{p} rejects" for p in peers)
    )
    for (kind, dtype), alarms in groups.items():
        table.add_row(kind, dtype, *_said(alarms), *(str(peer_alarms(alarms).get(p, "-")) for p in peers))
    return table


def _said(alarms: Sequence[Alarms]) -> tuple[str, str, str]:
    checks = sum(a.checks for a in alarms)
    unsure = Share(sum(a.inconclusive for a in alarms), checks)
    return str(checks), str(sum(a.wrong for a in alarms)), str(unsure)


def _promises(summary: Summary) -> Table:
    table = _table("Promised", "figure", "wanted", "got", "")
    for promise in summary.promises():
        kept = ("kept" if promise.examined else "-") if promise.kept else "MISSED"
        table.add_row(promise.what, promise.wanted, promise.got, kept, style="" if promise.kept else "bold red")
    return table


def _missed(summary: Summary) -> list[str]:
    return [
        f"{o.cell.mutation}, {o.subject}, seed {o.seed}, scale {o.cell.scale:g}, {o.cell.backend} {o.cell.setting}, "
        f"{o.cell.dtype}: {o.status} {o.reason}"
        for o in summary.outcomes
        if not (o.excluded or o.named)
    ]


def _list(title: str, lines: Sequence[str], console: Console) -> None:
    if lines:
        console.print(f"{len(lines)} {title}:", style="bold", highlight=False)
    for line in lines[:LINES]:
        console.print(f"  {line}", markup=False, highlight=False)
    if len(lines) > LINES:
        console.print(f"  and {len(lines) - LINES} more; --json FILE has them all", highlight=False)
