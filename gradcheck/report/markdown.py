"""The report as Markdown, for a pull request or an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcheck.report.terminal import conclusion, explanation

if TYPE_CHECKING:
    from gradcheck.report import Report


def document(report: Report) -> str:
    """Return the matrix engine x status, what failed and why, and the versions."""
    columns = list(report.counts())
    lines = ["| engine | " + " | ".join(s.value for s in columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for engine, counted in report.matrix().items():
        lines.append(f"| `{engine}` | " + " | ".join(str(counted.get(s, "")) for s in columns) + " |")
    lines += ["", f"**{conclusion(report).plain}**", ""]
    lines += [f"- {' '.join(explanation(v).plain.split())}" for v in report.failures]
    lines += [f"- {what}: no engine under test supports it" for what in report.unsupported]
    lines += [f"- {a.backend} took no part ({a.state}): {a.reason}; `{a.remedy}`" for a in report.absences]
    versions = ", ".join(f"{name} {version}" for name, version in report.settings.get("versions", {}).items())
    return "\n".join([*lines, "", versions]).rstrip() + "\n"
