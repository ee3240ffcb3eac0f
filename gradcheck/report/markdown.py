"""The report as Markdown, for a pull request or an issue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradcheck.report.terminal import conclusion, defects_shown, lines

if TYPE_CHECKING:
    from gradcheck.report import Report


def document(report: Report) -> str:
    """Return the conclusion, the matrix engine x status, what failed and why, known defects, and the versions."""
    parts = [f"**{conclusion(report)}**", _matrix(report), _fenced([str(line) for line in lines(report)[:-1]])]
    parts.append("Known defects that show:\n\n" + defects_table(report) if report.explained else "")
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


def defects_table(report: Report) -> str:
    """Return the table of the known defects that show; the same defect at several points has a row for each."""
    rows = ["| framework | case | operators | verdict | value | right | what is wrong |", "| --- " * 7 + "|"]
    for shown in defects_shown(report):
        what = shown.what.replace("|", "\\|") + (f" ([report]({shown.link}))" if shown.link else "")
        cells = (shown.versions, f"`{shown.where}`", shown.operators, shown.status, shown.value, shown.right, what)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _fenced(told: list[str]) -> str:
    """Return lines as a block of code, in which nothing is markup: names can be ``<lambda>`` or ``x * y * z``."""
    if not told:
        return ""
    text = "\n".join(told)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
