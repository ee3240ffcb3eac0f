"""The report as one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader

from gradcheck.judge.verdicts import Status
from gradcheck.report.terminal import conclusion

if TYPE_CHECKING:
    from gradcheck.report import Report


def page(report: Report) -> str:
    """Return the page: the conclusion, the matrix, a table of all verdicts with their evidence, the versions."""
    environment = Environment(
        loader=PackageLoader("gradcheck.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    order = {status: -rank for rank, status in enumerate(Status)}
    verdicts = sorted(report.verdicts, key=lambda v: (order[v.status], v.case, v.point, v.operator, str(v.engine)))
    return environment.get_template("report.html.jinja").render(
        report=report, conclusion=conclusion(report).plain, columns=list(report.counts()), verdicts=verdicts
    )
