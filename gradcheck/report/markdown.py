"""The report as Markdown, for a pull request or an issue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradcheck.report import place
from gradcheck.report.terminal import by_defect, conclusion, lines, right

if TYPE_CHECKING:
    from gradcheck.report import Report


def document(report: Report) -> str:
    """Return the conclusion, the matrix engine x status, what failed and why, known defects, and the versions."""
    parts = [f"**{conclusion(report)}**", _matrix(report), _fenced([str(line) for line in lines(report)[:-1]])]
    parts.append(_defects(report))
    parts.append(", ".join(f"{name} {version}" for name, version in report.settings.get("versions", {}).items()))
    return "\n\n".join(part for part in parts if part) + "\n"


def _matrix(report: Report) -> str:
    columns = list(report.counts())
    if not columns:
        return ""
    rows = ["| engine | " + " | ".join(s.value for s in columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for engine, counted in report.matrix().items():
        rows.append(f"| `{engine}` | " + " | ".join(str(counted.get(s, "")) for s in columns) + " |")
    return "\n".join(rows)


def _defects(report: Report) -> str:
    """Return the table of the known defects that show; the same defect at several points has a row for each."""
    if not report.explained:
        return ""
    rows = ["| framework | case | operators | verdict | value | right | what is wrong |", "| --- " * 7 + "|"]
    for verdict, operators in by_defect(report):
        assert verdict.known is not None  # that is what explained means
        known, value = verdict.known, verdict.evidence.value
        where = place(verdict.case, verdict.point) + (f" at {verdict.element}" if verdict.element else "")
        cells = (
            known.versions,
            f"`{where}`",
            ", ".join(operators),
            verdict.status.value,
            "" if value is None else f"{value:.13g}",
            right(verdict),
            known.what.replace("|", "\\|") + (f" ([report]({known.link}))" if known.link else ""),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "Known defects that show:\n\n" + "\n".join(rows)


def _fenced(told: list[str]) -> str:
    """Return lines as a block of code, in which nothing is markup: names can be ``<lambda>`` or ``x * y * z``."""
    if not told:
        return ""
    text = "\n".join(told)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
