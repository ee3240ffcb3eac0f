"""A row of the table of known defects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement

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
        For each case and point, as ``"name[point]"``, the verdict expected of each operator that shows it.
    link : str
        The upstream report, where there is one.

    .. _PEP 440: https://peps.python.org/pep-0440/#version-specifiers
    """

    engine: str
    versions: str
    what: str
    shows: Mapping[str, Mapping[str, Status]]
    link: str = ""

    @property
    def installed(self) -> bool:
        """Whether the installed version is one of those that have the defect."""
        wanted = Requirement(self.versions)
        try:
            return wanted.specifier.contains(version(wanted.name), prereleases=True)
        except PackageNotFoundError:
            return False

    def expects(self, verdict: Verdict) -> Status | None:
        """Return the verdict that the row expects in place of this one; None if it does not speak of it."""
        engines = (str(verdict.engine), f"{verdict.engine.backend}:*")
        if self.engine not in engines or verdict.engine.host or verdict.status is Status.UNSUPPORTED:
            return None
        return self.shows.get(place(verdict.case, verdict.point), {}).get(verdict.operator.value)
