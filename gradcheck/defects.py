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


@dataclass(frozen=True)
class Defect:
    """A defect of a framework that a case of the catalogue shows.

    Parameters
    ----------
    engine : str
        A backend, for all its modes, or one engine: ``"torch"``, ``"torch:forward"``.
    versions : str
        The distribution and its versions that have the defect, as `PEP 440`_ writes them: ``"torch==2.13.*"``.
    case : str
        The name of the case.
    points : tuple of str
        The points at which it shows.
    expected : mapping of str to Status
        The verdict on each operator that shows it.
    what : str
        What is wrong, in a line.
    link : str
        The upstream report, where there is one.

    .. _PEP 440: https://peps.python.org/pep-0440/#version-specifiers
    """

    engine: str
    versions: str
    case: str
    points: tuple[str, ...]
    expected: Mapping[str, Status]
    what: str
    link: str = ""

    @property
    def installed(self) -> bool:
        """Whether the installed version is one of those that have the defect."""
        wanted = Requirement(self.versions)
        try:
            return wanted.specifier.contains(version(wanted.name), prereleases=True)
        except PackageNotFoundError:
            return False

    def shows_in(self, verdict: Verdict) -> bool:
        """Whether a verdict is one that this row speaks of."""
        return (
            verdict.case == self.case
            and verdict.point in self.points
            and verdict.operator.value in self.expected
            and self.engine in (verdict.engine.backend, str(verdict.engine))
            and not verdict.engine.host
            and verdict.status is not Status.UNSUPPORTED
        )


def marked(verdicts: Iterable[Verdict], table: Sequence[Defect] | None = None) -> list[Verdict]:
    """Return verdicts with what is known of them.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Of a case of the catalogue, in float64.
    table : sequence of Defect, optional
        By default `TABLE`.
    """
    given = list(verdicts)
    cases = {v.case for v in given}
    rows = [row for row in (TABLE if table is None else table) if row.case in cases and row.installed]
    return [_marked(verdict, rows) for verdict in given]


def _marked(verdict: Verdict, rows: Sequence[Defect]) -> Verdict:
    for row in rows:
        if row.shows_in(verdict):
            known = Known(row.expected[verdict.operator.value], row.what, row.versions, row.link)
            return replace(verdict, known=known)
    return verdict


TABLE: tuple[Defect, ...] = ()
"""The known defects."""
