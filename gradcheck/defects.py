"""The table of known defects: what the catalogue finds wrong in the frameworks, version by version.

A row is strict in both directions: its verdicts must be the expected ones, and a defect that
was mended makes the run fail until its row is removed. A new version of a framework is not in the
row's range, so that it is looked at again. Rows hold in float64 only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement

from gradcheck.judge.verdicts import Known, Status, Verdict
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


def marked(verdicts: Iterable[Verdict], table: Sequence[Defect] | None = None) -> list[Verdict]:
    """Return verdicts with what is known of them.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Of a case of the catalogue, in float64.
    table : sequence of Defect, optional
        By default `TABLE`.
    """
    rows = [row for row in (TABLE if table is None else table) if row.installed]
    return [_marked(verdict, rows) for verdict in verdicts]


def _marked(verdict: Verdict, rows: Sequence[Defect]) -> Verdict:
    for row in rows:
        expected = row.expects(verdict)
        if expected is not None:
            return replace(verdict, known=Known(expected, row.what, row.versions, row.link))
    return verdict


TABLE: tuple[Defect, ...] = ()
"""The known defects."""
