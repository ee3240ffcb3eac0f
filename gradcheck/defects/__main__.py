"""The page of known defects: ``python -m gradcheck.defects double.json single.json modes.json samples.json``.

The reports are those of ``gradcheck run --all --json double.json`` and, for what single precision
alone shows, of the same with ``--dtype float32``, and, for what other modes than the default ones
show, of ``gradcheck run native --all`` with ``--backends torch:compile`` and so on, and, for what
the samples of PyTorch's own tests show, of ``gradcheck run --from torch-opinfo``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gradcheck.defects import TABLE
from gradcheck.errors import GradcheckError, first_line
from gradcheck.judge.verdicts import Verdict
from gradcheck.report import Report, place
from gradcheck.report.markdown import defects_table

FRAMEWORKS = ("torch", "jax", "tensorflow")


def page(
    double: Report, single: Report | None = None, modes: Report | None = None, samples: Report | None = None
) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    double : Report
        On the whole catalogue in float64.
    single : Report, optional
        The same in float32; of it the page has what the rows of the table expect there alone.
    modes : Report, optional
        On the parity cases in other modes of the frameworks; of it the page has what their own rows expect.
    samples : Report, optional
        On the samples of a framework's own test base.
    """
    rows = [row for row in TABLE if row.engine.partition(":")[0] in FRAMEWORKS]
    versions = ", ".join(f"{name} {version}" for name, version in double.settings["versions"].items())
    text = f"""# Known defects

What the catalogue finds wrong in the frameworks: {len(rows)} rows of the
[table of known defects](../gradcheck/defects/table.py), each at the cases and points that show it, and what our own
engines cannot do there. The page is made by `python -m gradcheck.defects`, on the CPU, with
{versions}.

*value* is what the framework gives at its worst element, *right* what it should give, and who says so: *certified*
values are enclosed by ball arithmetic, others come from difference quotients of the framework's own forward or from
another framework. A row can be tried by hand, as in `gradcheck run digamma_edges --backends torch`. Some rows are
documented behaviour (a threshold, labels taken for normalised); they are here because a port changes them.

{defects_table(double)}
"""
    alone = {(where, operator) for row in TABLE for where, shown in row.single.items() for operator in shown}
    own = {(row.engine, row.what) for row in TABLE}
    sections: tuple[tuple[str, Report | None, Callable[[Verdict], bool]], ...] = (
        ("In single precision alone", single, lambda v: (place(v.case, v.point), v.operator.value) in alone),
        ("In other modes", modes, lambda v: v.known is not None and (str(v.engine), v.known.what) in own),
        ("On the samples of PyTorch's own tests", samples, lambda v: True),
    )
    for title, report, belongs in sections:
        if report is not None:
            shown = replace(report, verdicts=tuple(v for v in report.explained if belongs(v)))
            text += f"\n## {title}\n\n{defects_table(shown)}\n"
    return text


def main(files: Sequence[str]) -> int:
    """Print the page made of up to four reports."""
    if len(files) not in (1, 2, 3, 4):
        wanted = "wanted one to four reports as JSON: double, single, modes, samples"
        print(f"got {len(files)} files, {wanted}", file=sys.stderr)
        return 2
    try:
        print(page(*(Report.from_json(Path(file).read_text(encoding="utf-8")) for file in files)), end="")
    except (OSError, GradcheckError) as error:
        print(f"error: {first_line(error)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
