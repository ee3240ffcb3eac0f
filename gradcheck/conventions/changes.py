"""What differs between two tables of edge points, and between two frameworks of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from gradcheck.conventions.survey import FORMAT, Row, Table
from gradcheck.errors import InputError, first_line


@dataclass(frozen=True)
class Change:
    """What an engine said at a point, and says now.

    Parameters
    ----------
    point : str
        The function and the point.
    engine : str
        Whose answer it is.
    before, now : str
        The value and the verdict; empty where there was, or is, none.
    """

    point: str
    engine: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.point}: {self.engine} {self.before or 'nothing'} -> {self.now or 'nothing'}"


def earlier(text: str) -> Mapping[str, Any]:
    """Return the table that `Table.to_json` wrote.

    Raises
    ------
    InputError
        If the text is no such table.
    """
    try:
        data = json.loads(text)
        known = data["gradcheck"] == FORMAT and isinstance(data["points"], dict)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"not a table of conventions: {first_line(error)}; wanted what --json wrote") from error
    if not known:
        raise InputError(f"the table has format {data['gradcheck']!r}; this gradcheck reads {FORMAT}")
    return dict(data)


def changes(before: Mapping[str, Any], table: Table) -> list[Change]:
    """Return what engines of both tables say otherwise now, point by point.

    Parameters
    ----------
    before : mapping
        What `earlier` returned.
    table : Table
        The present one; points that it does not have are left out.
    """
    return [change for row in table.rows for change in _changed(before["points"].get(row.edge.name), row)]


def _changed(then: Mapping[str, Any] | None, row: Row) -> Iterator[Change]:
    if then is None:
        yield Change(row.edge.name, "the point", "", "is new")
        return
    for engine, answer in row.answers.items():
        old = then["answers"].get(engine)
        before = "" if old is None else f"{old['value']} {old['status']}"
        now = f"{answer.value} {answer.status}"
        if before != now:
            yield Change(row.edge.name, engine, before, now)


def ports(table: Table) -> dict[tuple[str, str], list[Row]]:
    """Return, for each pair of engines, the points at which a port from one to the other changes the gradient."""
    return {
        (one, other): [row for row in table.rows if row.answers[one].value != row.answers[other].value]
        for one, other in combinations(table.engines, 2)
    }
