"""The Report: all verdicts of a run, what they amount to, and how they are shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from gradcheck.backend import Estimate
from gradcheck.discovery import Absence
from gradcheck.errors import InputError, UnknownNameError
from gradcheck.judge.verdicts import Status, Verdict


@dataclass(frozen=True)
class Report:
    """All verdicts of a run.

    A report is true if, for every case, point and operator, every engine under test that supports
    the operator passes, and at least one engine supports it.

    Parameters
    ----------
    verdicts : tuple of Verdict
        One for each case, point, engine and operator.
    absences : tuple of Absence
        The backends that could not take part, and how to mend that.
    settings : mapping
        Seed, dtype, backends, strictness and versions.
    seconds : float
        Wall time, in seconds.
    estimates : tuple of Estimate
        What the engines computed at the last point, for a report on a single case.
    """

    verdicts: tuple[Verdict, ...]
    absences: tuple[Absence, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    estimates: tuple[Estimate, ...] = ()

    @classmethod
    def merge(cls, reports: Iterable[Report]) -> Report:
        """Return one report on everything that several reports are on."""
        together = list(reports)
        absences = dict.fromkeys(a for r in together for a in r.absences)
        versions = {k: v for r in together for k, v in r.settings.get("versions", {}).items()}
        settings = dict(together[0].settings, versions=versions) if together else {}
        return cls(
            tuple(v for r in together for v in r.verdicts),
            tuple(absences),
            settings,
            sum(r.seconds for r in together),
            together[0].estimates if len(together) == 1 else (),
        )

    def __bool__(self) -> bool:
        return bool(self.verdicts) and not self.failures and not self.unsupported

    @property
    def strict(self) -> bool:
        """Whether IMPRECISE and CONVENTION count as failures."""
        return bool(self.settings.get("strict", False))

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """The verdicts that make the report false: of engines under test, not of witnesses."""
        return tuple(v for v in self.verdicts if not v.witness and self._fails(v))

    def _fails(self, verdict: Verdict) -> bool:
        if verdict.status is Status.UNSUPPORTED:
            return False
        return verdict.status is not Status.AGREE if self.strict else not verdict.status.passes

    @property
    def unsupported(self) -> tuple[str, ...]:
        """The cases, points and operators that no engine under test supports."""
        supported: dict[str, bool] = {}
        for v in self.verdicts:
            if not v.witness:
                key = f"{v.case}[{v.point}] {v.operator}"
                supported[key] = supported.get(key, False) or v.status is not Status.UNSUPPORTED
        return tuple(key for key, any_engine in supported.items() if not any_engine)

    def verdict(self, engine: str, operator: str | None = None, case: str | None = None) -> Verdict:
        """Return the verdict on an engine: the worst one that fits.

        Parameters
        ----------
        engine : str
            ``"torch"``, ``"torch:compile"``, ``"numerical@torch"``.
        operator, case : str, optional
            By default any.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        found = [
            v
            for v in self.verdicts
            if str(v.engine) == engine and operator in (None, v.operator) and case in (None, v.case)
        ]
        if not found:
            raise UnknownNameError("engine of this report", engine, {str(v.engine) for v in self.verdicts})
        order = list(Status)
        return max(found, key=lambda v: order.index(v.status) if v.status is not Status.UNSUPPORTED else -1)

    def counts(self) -> dict[Status, int]:
        """Return how often each status was given, in the order of `Status`."""
        counted = Counter(v.status for v in self.verdicts)
        return {status: counted[status] for status in Status if counted[status]}

    def matrix(self) -> dict[str, dict[Status, int]]:
        """Return, for each engine, how often it was given each status."""
        engines = sorted({str(v.engine) for v in self.verdicts})
        return {engine: dict(Counter(v.status for v in self.verdicts if str(v.engine) == engine)) for engine in engines}

    def to_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types; the estimates are left out."""
        return {
            "gradcheck": 1,
            "passed": bool(self),
            "counts": {status.value: n for status, n in self.counts().items()},
            "settings": dict(self.settings),
            "seconds": self.seconds,
            "absences": [vars(a) for a in self.absences],
            "verdicts": [v.to_dict() for v in self.verdicts],
        }

    def to_json(self) -> str:
        """Return the report as JSON; `from_json` reads it."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Return the report that `to_json` wrote.

        Raises
        ------
        InputError
            If the text is not such a report.
        """
        try:
            data = json.loads(text)
            return cls(
                tuple(Verdict.from_dict(v) for v in data["verdicts"]),
                tuple(Absence(**a) for a in data["absences"]),
                data["settings"],
                data["seconds"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"not a gradcheck report: {type(error).__name__}: {error}; wanted what to_json() wrote"
            ) from error

    def __str__(self) -> str:
        console = Console(width=120, no_color=True, highlight=False, record=False, file=None)
        with console.capture() as capture:
            self.render(console)
        return capture.get().rstrip("\n")

    def render(self, console: Console, *, verbose: bool = False) -> None:
        """Print the report: the table, and below it why.

        Parameters
        ----------
        console : rich.console.Console
            Where.
        verbose : bool
            Whether to explain the verdicts that pass as well.
        """
        from gradcheck.report.terminal import render

        render(self, console, verbose=verbose)

    def to_html(self) -> str:
        """Return the report as one self-contained HTML page."""
        from gradcheck.report.html import page

        return page(self)

    def to_markdown(self) -> str:
        """Return the report as Markdown: the matrix and what failed."""
        from gradcheck.report.markdown import document

        return document(self)
