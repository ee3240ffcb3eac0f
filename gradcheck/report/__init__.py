"""The Report: all verdicts of a run, what they amount to, and how they are shown."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from gradcheck.cases import DEFAULT_POINT
from gradcheck.discovery import Absence
from gradcheck.errors import InputError, UnknownNameError, first_line
from gradcheck.estimates import Engine, Estimate
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator

FORMAT = 1
"""The version of what `Report.to_json` writes."""


def severity(status: Status) -> int:
    """Rank a status from the best to the worst; an operator that an engine does not support tells least."""
    return -1 if status is Status.UNSUPPORTED else list(Status).index(status)


def place(case: str, point: str) -> str:
    """Name a case at a point: ``rosenbrock[minimum]``, and a case of a single unnamed point by itself."""
    return case if point == DEFAULT_POINT else f"{case}[{point}]"


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
    left_out : tuple of str
        The cases' points that the dtype of the check cannot hold, as ``"name[point]"``.
    """

    verdicts: tuple[Verdict, ...]
    absences: tuple[Absence, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    estimates: tuple[Estimate, ...] = field(default=(), compare=False)
    left_out: tuple[str, ...] = ()

    @classmethod
    def failed(cls, case: str, engine: Engine, reason: str) -> Report:
        """Return the report on a case whose check did not come to an end: an ERROR of an engine.

        Parameters
        ----------
        case : str
            Its name.
        engine : Engine
            Who is given the verdict.
        reason : str
            What happened.
        """
        return cls((Verdict(case, DEFAULT_POINT, engine, Operator.VALUE, Status.ERROR, Evidence(reason)),))

    @classmethod
    def merge(cls, reports: Iterable[Report]) -> Report:
        """Return one report on everything that several reports are on, with the settings of the first.

        It is strict if any of them is.
        """
        together = list(reports)
        absences = dict.fromkeys(a for r in together for a in r.absences)
        versions = {k: v for r in together for k, v in r.settings.get("versions", {}).items()}
        settings = dict(together[0].settings, versions=versions) if together else {}
        if any(r.strict for r in together):
            settings["strict"] = True
        return cls(
            tuple(v for r in together for v in r.verdicts),
            tuple(absences),
            settings,
            sum(r.seconds for r in together),
            together[0].estimates if len(together) == 1 else (),
            tuple(point for r in together for point in r.left_out),
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

    @property
    def explained(self) -> tuple[Verdict, ...]:
        """The verdicts that show a known defect of a framework; they do not make the report false."""
        return tuple(v for v in self.verdicts if v.explained)

    def _fails(self, verdict: Verdict) -> bool:
        if verdict.known is not None:
            return verdict.stale
        if verdict.status is Status.UNSUPPORTED:
            return False
        return verdict.status is not Status.AGREE if self.strict else not verdict.status.passes

    @property
    def unsupported(self) -> tuple[str, ...]:
        """The operators and cases that no engine under test supports, as ``gradient of rosenbrock[minimum]``."""
        supported: dict[str, bool] = {}
        for v in self.verdicts:
            key = f"{v.operator} of {place(v.case, v.point)}"
            tested = not v.witness and v.status is not Status.UNSUPPORTED
            supported[key] = supported.get(key, False) or tested
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
            If there is none, with the nearest names.
        """
        found = list(self.verdicts)
        for kind, name, of in (
            ("engine", engine, lambda v: str(v.engine)),
            ("operator", operator, lambda v: str(v.operator)),
            ("case", case, lambda v: v.case),
        ):
            fitting = [v for v in found if name is None or of(v) == name]
            if not fitting:
                raise UnknownNameError(f"{kind} of this report", str(name), {of(v) for v in found})
            found = fitting
        return max(found, key=lambda v: severity(v.status))

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
            "gradcheck": FORMAT,
            "passed": bool(self),
            "counts": {status.value: n for status, n in self.counts().items()},
            "settings": dict(self.settings),
            "seconds": self.seconds,
            "absences": [vars(a) for a in self.absences],
            "left_out": list(self.left_out),
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
            if data["gradcheck"] != FORMAT:
                raise InputError(f"the report has format {data['gradcheck']!r}; this gradcheck reads {FORMAT}")
            return cls(
                tuple(Verdict.from_dict(v) for v in data["verdicts"]),
                tuple(Absence(**a) for a in data["absences"]),
                data["settings"],
                data["seconds"],
                left_out=tuple(data.get("left_out", ())),
            )
        except InputError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a gradcheck report: {first_line(error)}; wanted what to_json() wrote") from error

    def __str__(self) -> str:
        text = io.StringIO()
        self.render(Console(file=text, width=120, color_system=None, force_jupyter=False))
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    def __repr__(self) -> str:
        """Return one line for ``assert check(...)``: the worst verdict and the conclusion."""
        from gradcheck.report.terminal import conclusion, explanation

        worst = max(self.failures, key=lambda v: severity(v.status), default=None)
        told = "" if worst is None else explanation(worst).plain.splitlines()[0] + "; "
        return f"<Report: {told}{conclusion(self)}>"

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
