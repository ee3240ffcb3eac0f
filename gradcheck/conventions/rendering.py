"""The table of edge points for a terminal, as Markdown and as a web page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from gradcheck.conventions.changes import ports
from gradcheck.conventions.edges import KINDS
from gradcheck.conventions.survey import Answer, Row, Table
from gradcheck.judge.verdicts import Status
from gradcheck.report.terminal import STYLES


def render(table: Table, console: Console) -> None:
    """Print the table, and below it how often each engine was given each verdict."""
    grid = Grid("function", "at", "below", "above", *table.engines, "referee", box=box.SIMPLE_HEAD)
    for row in table.rows:
        cells = [_coloured(row.answers[engine]) for engine in table.engines]
        grid.add_row(row.edge.formula, row.edge.where, Text(row.below), Text(row.above), *cells, Text(row.referee))
    console.print(grid)
    for engine in table.engines:
        counted = ", ".join(f"{n} {status}" for status, n in table.counts(engine).items())
        console.print(f"{engine}: {counted}", highlight=False)


def _coloured(answer: Answer) -> Text:
    return Text.assemble(answer.value, " ", (answer.status.value, STYLES[answer.status]))


def to_markdown(table: Table) -> str:
    """Return the page with its introduction."""
    environment = _environment(autoescape=False)
    environment.filters.update(line=lambda row, engines: markdown_line(row, engines), notes=notes)
    environment.globals["ports"] = ports(table)
    return environment.get_template("conventions.md.jinja").render(table=table, sections=_sections(table))


def to_html(table: Table) -> str:
    """Return one self-contained page."""
    environment = _environment(autoescape=True)
    return environment.get_template("conventions.html.jinja").render(table=table, sections=_sections(table))


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("gradcheck.conventions"),
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )


def _sections(table: Table) -> list[tuple[str, list[Row]]]:
    """Return the heading and the rows of each kind, in the order of `KINDS`."""
    order = list(KINDS)
    rows = sorted(table.rows, key=lambda row: order.index(row.edge.kind))
    return [(KINDS[kind], list(group)) for kind, group in groupby(rows, key=lambda row: row.edge.kind)]


def markdown_line(row: Row, engines: Iterable[str]) -> str:
    """Return one row of the page."""
    formula = f"`{row.edge.formula}`" + (" (own)" if row.edge.own else "")
    answers = [f"{row.answers[engine].value} **{row.answers[engine].status}**" for engine in engines]
    plain = [a.replace("**AGREE**", "AGREE") for a in answers]  # what stands out is what differs
    cells = [formula, f"`{row.edge.where}`", row.below, row.above, *plain, row.referee, row.edge.why]
    return "| " + " | ".join(cells) + " |"


def notes(rows: Iterable[Row]) -> list[str]:
    """Return why the verdicts are what they are, a line for each reason that is not that of AGREE."""
    lines = []
    for row in rows:
        told: dict[tuple[Status, str], list[str]] = {}
        for engine, answer in row.answers.items():
            if answer.status not in (Status.AGREE, Status.UNSUPPORTED):
                told.setdefault((answer.status, answer.reason), []).append(engine)
        lines += [
            f"`{row.edge.name}`: {', '.join(engines)} {status}: {reason}" for (status, reason), engines in told.items()
        ]
    return lines
