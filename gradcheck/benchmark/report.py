"""The benchmark's report: one HTML file that needs no network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from gradcheck import __version__
from gradcheck.benchmark.plots import Style, duration, identifier, plot, styles
from gradcheck.benchmark.problems import PROBLEMS
from gradcheck.benchmark.records import BY_HAND, BreakEven, Measurements, Record

NONE = "\N{EN DASH}"
"""What a cell without a figure shows."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, whether it is the least of its column, and what a pointer over it says."""

    text: str
    best: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Table:
    """One row for each engine, one column for each size."""

    caption: str
    sizes: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Section:
    """What the report says of one problem; `anchor` is its id in the page."""

    anchor: str
    title: str
    formula: str
    figure: Markup
    tables: tuple[Table, ...]
    break_evens: tuple[BreakEven, ...]


@dataclass(frozen=True)
class Finding:
    """The summary of a problem at its largest size: the fastest engine that differentiates by itself.

    Parameters
    ----------
    anchor, title : str
        Of the problem's section.
    fastest, slowest : Record
        Of the gradients at that size, those written by hand apart.
    to_value : float or None
        The fastest gradient's cost over that of the same engine's value.
    to_rule : float or None
        Its cost over that of the gradient written by hand.
    """

    anchor: str
    title: str
    fastest: Record
    slowest: Record
    to_value: float | None
    to_rule: float | None

    @property
    def spread(self) -> float:
        """The slowest gradient's cost over the fastest's."""
        return self.slowest.seconds / self.fastest.seconds


def render(measurements: Measurements) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    measurements : Measurements
        What was measured, with at least one record.
    """
    environment = Environment(
        loader=PackageLoader("gradcheck.benchmark", "."),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(duration=duration, ratio=ratio, executions=executions)
    return environment.get_template("report.html.j2").render(
        measurements=measurements,
        findings=[finding for p in measurements.problems if (finding := _finding(measurements, p)) is not None],
        sections=[_section(measurements, problem) for problem in measurements.problems],
        swatches={engine: _swatch(style) for engine, style in styles(measurements.engines).items()},
        exclusions=_grouped(measurements),
        version=__version__,
    )


def ratio(number: float) -> str:
    """Write a ratio: ``3.4x``."""
    digits = f"{number:.0f}" if number >= 99.5 else f"{number:.2g}" if number >= 9.95 else f"{number:.1f}"
    return (digits if number >= 0.95 else f"{number:.2g}") + "\N{MULTIPLICATION SIGN}"


def executions(number: float) -> str:
    """Write a number of executions: ``1,240``, ``never``."""
    return "never" if math.isinf(number) else f"{number:,.0f}"


def _title(problem: str) -> str:
    return PROBLEMS[problem].title if problem in PROBLEMS else problem


def _section(measurements: Measurements, problem: str) -> Section:
    title = _title(problem)
    description = f"{title}: time of one execution against the number of differentiated elements, by engine"
    return Section(
        identifier(problem),
        title,
        PROBLEMS[problem].formula if problem in PROBLEMS else "",
        Markup(plot(measurements, problem, description)),  # our own SVG
        (
            _costs(measurements, problem, "gradient"),
            _costs(measurements, problem, "value"),
            _table("Cost of the gradient over cost of the value", measurements.ratios(problem), ratio),
            _preparations(measurements, problem),
        ),
        tuple(measurements.break_evens(problem)),
    )


def _costs(measurements: Measurements, problem: str, operator: str) -> Table:
    rows = measurements.of(problem, operator)
    hints = {
        (engine, size): f"quartiles {duration(r.quartiles[0])} to {duration(r.quartiles[1])}, {r.rounds} rounds"
        + ("" if r.native else "; derived from another operator")
        for engine, row in rows.items()
        for size, r in row.items()
    }
    stopped = {
        (c.engine, c.size): c.reason for c in measurements.cut_offs if (c.problem, c.operator) == (problem, operator)
    }
    costs = {engine: {size: r.seconds for size, r in row.items()} for engine, row in rows.items()}
    for engine, _ in stopped:
        costs.setdefault(engine, {})
    return _table(f"Cost of the {operator}", costs, duration, hints, stopped)


def _preparations(measurements: Measurements, problem: str) -> Table:
    rows = measurements.of(problem, "gradient")
    costs = {engine: {size: r.preparation for size, r in row.items()} for engine, row in rows.items()}
    return _table("Preparation of the gradient: what the first call takes beyond a later one", costs, duration)


def _table(
    caption: str,
    figures: Mapping[str, Mapping[int, float]],
    write: Any,
    hints: Mapping[tuple[str, int], str] | None = None,
    stopped: Mapping[tuple[str, int], str] | None = None,
) -> Table:
    hints, stopped = hints or {}, stopped or {}
    sizes = sorted({size for row in figures.values() for size in row} | {size for _, size in stopped})
    least = {size: min((row[size] for row in figures.values() if size in row), default=math.nan) for size in sizes}

    def cell(engine: str, size: int, row: Mapping[int, float]) -> Cell:
        if size in row:
            return Cell(write(row[size]), row[size] == least[size], hints.get((engine, size), ""))
        if (engine, size) in stopped:
            return Cell("stopped", hint=stopped[engine, size])
        return Cell(NONE)

    rows = tuple((engine, tuple(cell(engine, size, row) for size in sizes)) for engine, row in figures.items())
    return Table(caption, tuple(sizes), rows)


def _finding(measurements: Measurements, problem: str) -> Finding | None:
    rows = measurements.of(problem, "gradient")
    rule = rows.pop(BY_HAND, {})
    if not rows:
        return None
    size = max(size for row in rows.values() for size in row)
    there = sorted((row[size] for row in rows.values() if size in row), key=lambda r: r.seconds)
    fastest = there[0]
    to_value = measurements.ratios(problem).get(fastest.engine, {}).get(size)
    to_rule = fastest.seconds / rule[size].seconds if size in rule else None
    return Finding(identifier(problem), _title(problem), fastest, there[-1], to_value, to_rule)


def _grouped(measurements: Measurements) -> list[tuple[str, str, str, str, str]]:
    """Return engine, operator, problems, verdict and reason of what was not timed, like things in one row."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for e in measurements.exclusions:
        groups.setdefault((e.engine, e.operator, e.verdict, e.reason), []).append(e.problem)
    return [
        (engine, operator, ", ".join(problems), verdict, reason)
        for (engine, operator, verdict, reason), problems in groups.items()
    ]


_SHAPES = {
    "o": '<circle cx="16" cy="6" r="3.2"/>',
    "s": '<rect x="13" y="3" width="6" height="6"/>',
    "D": '<path d="M16 2l4 4-4 4-4-4z"/>',
    "^": '<path d="M16 2l4 7h-8z"/>',
    "v": '<path d="M16 10l4-7h-8z"/>',
    "P": '<path d="M14.5 2h3v2.5H20v3h-2.5V10h-3V7.5H12v-3h2.5z"/>',
    "X": '<path d="M13 2l3 3 3-3 1 1-3 3 3 3-1 1-3-3-3 3-1-1 3-3-3-3z"/>',
}


def _swatch(style: Style) -> Markup:
    """Return the key of an engine as in the plots: a stroke with its dashes and marker."""
    dashes = "" if style.dashes == "-" else ' stroke-dasharray="' + " ".join(str(2 * d) for d in style.dashes[1]) + '"'
    return Markup(  # our own SVG
        f'<svg class="key" viewBox="0 0 32 12" aria-hidden="true" fill="{style.colour}">'
        f'<path d="M0 6h32" stroke="{style.colour}" stroke-width="2"{dashes}/>{_SHAPES[style.marker]}</svg>'
    )
