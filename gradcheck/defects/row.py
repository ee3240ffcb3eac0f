"""A row of the table of known defects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement

from gradcheck.estimates import Engine
from gradcheck.functions import DOUBLE, SINGLE
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.report import place


@dataclass(frozen=True)
class Defect:
    """A defect of a framework, and where the catalogue shows it.

    Parameters
    ----------
    engine : str
        ``"torch"``, ``"torch:forward"``; ``"torch:*"`` is every mode.
    versions : str
        The distribution and its versions that have the defect, as `PEP 440`_ writes them: ``"torch==2.13.*"``.
    what : str
        What is wrong, in a line.
    shows : mapping of str to mapping of str to Status
        For each case and point, as ``"name[point]"``, the verdict expected in float64 of each operator that shows it.
    link : str
        The upstream report, where there is one.
    single : mapping of str to mapping of str to Status
        The same in float32, for what double precision does not show.
    samples : mapping of str to tuple of str
        The entries of a framework's own test base whose samples show it, as ``"source:entry"``, and the operators that
        do. Samples are drawn, so the row explains what fails there, and nothing has to.

    .. _PEP 440: https://peps.python.org/pep-0440/#version-specifiers
    """

    engine: str
    versions: str
    what: str
    shows: Mapping[str, Mapping[str, Status]]
    link: str = ""
    single: Mapping[str, Mapping[str, Status]] = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Whether the installed version is one of those that have the defect."""
        wanted = Requirement(self.versions)
        try:
            return wanted.specifier.contains(version(wanted.name), prereleases=True)
        except PackageNotFoundError:
            return False

    def expects(self, verdict: Verdict, dtype: str) -> Status | None:
        """Return the verdict that the row expects in place of this one; None if it does not speak of it.

        In another dtype than its own, or in another mode than the default one, it expects what it explains.
        """
        engine = verdict.engine
        if engine.host or verdict.status is Status.UNSUPPORTED:
            return None
        where, operator = place(verdict.case, verdict.point), verdict.operator.value
        own = {**dict.fromkeys(DOUBLE, self.shows), **dict.fromkeys(SINGLE, self.single)}.get(dtype, {})
        expected, usual = (shown.get(where, {}).get(operator) for shown in (own, self.shows))
        if expected is not None and self.engine in (str(engine), f"{engine.backend}:*"):
            return expected
        return verdict.status if self._speaks_of(engine) and verdict.status in (expected, usual) else None

    def explains(self, verdict: Verdict, source: str) -> bool:
        """Whether a sample of a source's entry fails for the defect, or cannot be settled beside one that does."""
        if verdict.status.passes or verdict.status is Status.UNSUPPORTED:
            return False
        shown = verdict.operator.value in self.samples.get(f"{source}:{verdict.case}", ())
        return shown and (self._speaks_of(verdict.engine) or verdict.status is Status.INCONCLUSIVE)

    def _speaks_of(self, engine: Engine) -> bool:
        return self.engine in (str(engine), engine.backend, f"{engine.backend}:*")
