"""The edge points, checked like any other case, and what the reports say of each framework."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck import discovery
from gradcheck.backend import Backend
from gradcheck.cases import Case
from gradcheck.conventions.edges import Edge
from gradcheck.conventions.slopes import one_sided
from gradcheck.errors import MissingBackendError
from gradcheck.estimates import Estimate
from gradcheck.functions import Array
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator
from gradcheck.options import Options
from gradcheck.report import Report
from gradcheck.verification import verify

FRAMEWORKS = ("torch", "jax", "tensorflow")
"""The engines that are compared where no others are asked for."""
REFEREES = ("exact", "sympy:precise", "numerical")
"""Whose value stands beside the frameworks' own, the best first."""
SHARP = 1e-3
"""The largest error, beside the element, of a reference that is shown; below its third power, beside that."""
DIGITS = 6
"""The significant digits that are kept of what numerics found."""
FORMAT = 1
"""The version of what `Table.to_json` writes."""


@dataclass(frozen=True)
class Answer:
    """What one engine says.

    Parameters
    ----------
    value : str
        The gradient; a dash where there is none.
    status : Status
        The verdict on it.
    reason : str
        What the verdict rests on.
    """

    value: str
    status: Status
    reason: str


@dataclass(frozen=True)
class Row:
    """One edge point.

    Parameters
    ----------
    edge : Edge
        The function and the point.
    below, above : str
        The slopes on both sides along each input; empty for complex inputs.
    answers : mapping of str to Answer
        By engine.
    referee : str
        The reference value and whose it is; empty where nobody knows one.
    """

    edge: Edge
    below: str
    above: str
    answers: Mapping[str, Answer]
    referee: str

    @property
    def differ(self) -> bool:
        """Whether the engines return different gradients."""
        return len({a.value for a in self.answers.values()}) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return the row in JSON's types."""
        return {
            "below": self.below,
            "above": self.above,
            "referee": self.referee,
            "answers": {engine: dict(vars(answer)) for engine, answer in self.answers.items()},
        }


@dataclass(frozen=True)
class Table:
    """All edge points.

    Parameters
    ----------
    rows : tuple of Row
        In the order of the edge points.
    versions : mapping of str to str
        Of every distribution that took part.
    """

    rows: tuple[Row, ...]
    versions: Mapping[str, str]

    @property
    def engines(self) -> list[str]:
        """The engines that were compared."""
        return list(dict.fromkeys(engine for row in self.rows for engine in row.answers))

    def counts(self, engine: str) -> dict[Status, int]:
        """Return how often an engine was given each status."""
        given = [row.answers[engine].status for row in self.rows if engine in row.answers]
        return {status: given.count(status) for status in Status if status in given}

    @property
    def differing(self) -> int:
        """At how many points the engines return different gradients."""
        return sum(row.differ for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the table in JSON's types."""
        return {
            "gradcheck": FORMAT,
            "versions": dict(self.versions),
            "points": {row.edge.name: row.to_dict() for row in self.rows},
        }

    def to_json(self) -> str:
        """Return the table as JSON, a line for each fact, so that two versions can be compared line by line."""
        return json.dumps(self.to_dict(), indent=1) + "\n"


def survey(chosen: Iterable[Edge], options: Options | None = None) -> Table:
    """Check edge points.

    Parameters
    ----------
    chosen : iterable of Edge
        The points.
    options : Options, optional
        What to check them with; by default `FRAMEWORKS`, as far as they are installed.

    Raises
    ------
    MissingBackendError
        If no framework is installed and no engine was asked for.
    """
    options = options or Options(backends=_installed())
    backends = list(dict.fromkeys(engine.partition(":")[0] for engine in options.backends or ()))
    rows, versions = [], dict[str, str]()
    for edge in chosen:
        case = edge.case(backends)
        report = verify(case, options, [Operator.GRADIENT])
        rows.append(_row(edge, case, report))
        versions |= report.settings["versions"]
    return Table(tuple(rows), dict(sorted(versions.items())))


def _installed() -> tuple[str, ...]:
    found = {name: discovery.find(name) for name in FRAMEWORKS}
    if not any(isinstance(backend, Backend) for backend in found.values()):
        raise MissingBackendError("no framework is installed whose conventions could be shown: " + str(found["torch"]))
    return tuple(name for name, backend in found.items() if isinstance(backend, Backend))


def _row(edge: Edge, case: Case, report: Report) -> Row:
    estimates = {str(e.engine): e for e in report.estimates if e.operator is Operator.GRADIENT}
    verdicts = [v for v in report.verdicts if v.operator is Operator.GRADIENT and not v.witness]
    slopes = one_sided(case)
    below, above = ("", "") if slopes is None else (_listed(edge, side) for side in slopes)
    answers = {str(v.engine): _answer(v, estimates) for v in verdicts}
    return Row(edge, below, above, answers, _referee(estimates))


def _answer(verdict: Verdict, estimates: Mapping[str, Estimate]) -> Answer:
    estimate = estimates.get(str(verdict.engine))
    value = "-" if estimate is None else shown(estimate.arrays)
    return Answer(value, verdict.status, verdict.evidence.reason)


def _referee(estimates: Mapping[str, Estimate]) -> str:
    """Return the value of the best referee that knows every element."""
    for engine in REFEREES:
        estimate = estimates.get(engine)
        if estimate is not None and _known(estimate):
            return f"{shown(estimate.arrays, DIGITS)} ({engine})"
    return ""


def _known(estimate: Estimate) -> bool:
    return estimate.errors is not None and all(
        (np.isfinite(a) & (e <= SHARP * np.fmax(np.abs(a), SHARP**3))).all()
        for a, e in zip(estimate.arrays, estimate.errors, strict=True)
    )


def _listed(edge: Edge, slopes: Array) -> str:
    """Return one slope for each element, arranged like the arguments."""
    arrays, start = [], 0
    for value in edge.point.values():
        shape = np.shape(value)
        size = int(np.prod(shape, dtype=int))
        arrays.append(slopes[start : start + size].reshape(shape))
        start += size
    return shown(arrays, DIGITS)


def shown(arrays: Iterable[Array], digits: int = 10) -> str:
    """Return arrays as nested lists of numbers, one after the other: ``0.5, [1, 0]``."""
    return ", ".join(_nested(np.asarray(a).tolist(), digits) for a in arrays)


def _nested(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_nested(v, digits) for v in value) + "]"
    if value == 0:
        return "0"  # a sign of zero says nothing here
    return f"{value:.{digits}g}"
