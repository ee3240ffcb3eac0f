"""The table of known defects: what the catalogue finds wrong in the frameworks, version by version.

A row is strict in both directions: its verdicts must be the expected ones, and a defect that
was mended makes the run fail until its row is removed. A new version of a framework is not in the
row's range, so that it is looked at again. In other dtypes than its own, in other modes of a framework,
and on the samples of its own test base, a row explains what shows there, and nothing has to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gradcheck.defects.row import Defect
from gradcheck.defects.table import TABLE
from gradcheck.judge.verdicts import Known, Verdict

__all__ = ["TABLE", "Defect", "explained", "marked"]


def marked(
    verdicts: Iterable[Verdict], dtypes: Mapping[str, str], table: Sequence[Defect] | None = None
) -> list[Verdict]:
    """Return verdicts with what is known of them.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Of a case of the catalogue.
    dtypes : mapping of str to str
        The dtype of the check at each of its points.
    table : sequence of Defect, optional
        By default `TABLE`.
    """
    rows = TABLE if table is None else table
    return [_marked(verdict, dtypes[verdict.point], rows) for verdict in verdicts]


def explained(verdicts: Iterable[Verdict], source: str, table: Sequence[Defect] | None = None) -> list[Verdict]:
    """Return verdicts on samples of a framework's own test base with the defects that explain them.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Of cases that were drawn from the source's entries.
    source : str
        The source's name.
    table : sequence of Defect, optional
        By default `TABLE`.
    """
    found = []
    for verdict in verdicts:
        rows = (row for row in (TABLE if table is None else table) if row.explains(verdict, source) and row.installed)
        row = next(rows, None)
        known = None if row is None else Known(verdict.status, row.what, row.versions, row.link)
        found.append(replace(verdict, known=known))
    return found


def _marked(verdict: Verdict, dtype: str, rows: Sequence[Defect]) -> Verdict:
    for row in rows:
        expected = row.expects(verdict, dtype)
        if expected is not None and row.installed:  # last, since versions are looked up in files
            return replace(verdict, known=Known(expected, row.what, row.versions, row.link))
    return verdict
