"""The command ``gradcheck run --from``: the samples of a framework's own test base, and what became of each entry."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from gradcheck import discovery, sources
from gradcheck.options import Options
from gradcheck.progress import progress
from gradcheck.report import Report
from gradcheck.report.terminal import STYLES
from gradcheck.sources import Checked
from gradcheck.workers import default_jobs

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SAMPLES = 2
"""How many samples of an entry are checked by default."""
LIMIT = 300.0
"""The seconds that one entry may take by default."""


def run(
    console: Console,
    name: str,
    patterns: Sequence[str],
    options: Options,
    *,
    samples: int | None = None,
    jobs: int | None = None,
    limit: float | None = None,
) -> tuple[Report, int]:
    """Check a source's entries, print what became of each, and return the report and how many an interrupt left out.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    name : str
        The source.
    patterns : sequence of str
        Its entries, by name or pattern; by default all.
    options : Options
        What to check them with.
    samples : int, optional
        How many samples of each entry, at most; by default `SAMPLES`.
    jobs : int, optional
        How many processes; by default `default_jobs`.
    limit : float, optional
        The seconds that one entry may take; by default `LIMIT`.

    Raises
    ------
    UnknownNameError
        For a source, entry, backend or mode that does not exist.
    MissingBackendError, BrokenBackendError
        For a source or backend that cannot be used.
    """
    source = sources.load(name)
    entries = source.select(patterns)
    list(discovery.engines(options.backends or source.engines[:1]))
    started = time.perf_counter()
    jobs = jobs or default_jobs()
    done = _worked(len(entries), sources.check(source, entries, options, samples or SAMPLES, jobs, limit or LIMIT))
    order = {entry.name: i for i, entry in enumerate(entries)}
    done.sort(key=lambda checked: order[checked.entry])
    _render(done, len(entries), console)
    return sources.reported(source, done, time.perf_counter() - started), len(entries) - len(done)


def _worked(total: int, results: Generator[Checked]) -> list[Checked]:
    """Collect what became of the entries; an interrupt ends that and keeps what is done."""
    done: list[Checked] = []
    with progress(total) as advance, closing(results), suppress(KeyboardInterrupt):
        for checked in results:
            done.append(checked)
            advance(checked.entry)
    return done


def _render(done: Sequence[Checked], total: int, console: Console) -> None:
    """Print a row for each entry, and below the table how many were checked and why the others were not."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table("entry", "samples", "found", "why not, or what was left out", "upstream", box=box.SIMPLE_HEAD)
    for checked in done:
        count = str(checked.samples) if checked.samples else "-"
        table.add_row(checked.entry, count, _found(checked), Text(checked.reason), Text(checked.remark))
    console.print(table)
    examined = [checked for checked in done if checked.samples]
    passing = sum(bool(checked.report) for checked in examined)
    samples = sum(checked.samples for checked in examined)
    found = Counter(str(checked.status) for checked in examined)
    told = ", ".join(f"{number} {status}" for status, number in found.most_common())
    known = sum(bool(checked.report.explained) for checked in examined)
    console.print(
        f"{len(examined)} of {total} entries checked with {samples} samples, {passing} pass"
        + (f": {told}" if told else "")
        + (f"; {known} show known defects" if known else ""),
        highlight=False,
    )
    for reason, number in sources.reasons(done).most_common():
        console.print(f"{number} not checked: {reason}", highlight=False, markup=False)


def _found(checked: Checked) -> Text:
    from rich.text import Text

    status = checked.status
    if status is None:
        return Text("not checked", "dim")
    known = " (known)" if checked.report and not status.passes else ""
    return Text(status.value, STYLES[status]) + Text(known, "dim")
