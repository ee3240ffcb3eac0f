"""Log-log plots of cost against size, as SVG to be set into a page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from gradcheck.benchmark.records import Measurements

# colours of like lightness, which stand out on white and on black; markers tell the backends apart without colour
COLOURS = {
    "numerical": "#7a8594",
    "analytic": "#b052c8",
    "sympy": "#2f9e5b",
    "tensorflow": "#c98500",
    "torch": "#e0533a",
    "jax": "#3b82e0",
}
MARKERS = {"numerical": "o", "analytic": "P", "sympy": "D", "tensorflow": "s", "torch": "^", "jax": "v"}
OTHERS = ("#0f9ba8", "#c74a86", "#8a7a2c", "#6d6ad8")
"""The colours of backends that gradcheck does not ship."""
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2, 1, 1, 1, 2)))

_TEXT, _GRID = "#010203", "#040506"
"""Stand-ins for the page's own colours."""


@dataclass(frozen=True)
class Style:
    """How an engine is drawn: colour and marker by backend, dashes by mode."""

    colour: str
    marker: str
    dashes: Any


def styles(engines: Sequence[str]) -> dict[str, Style]:
    """Return the style of each engine, the same in every plot of a report."""
    backends = list(dict.fromkeys(e.partition(":")[0] for e in engines))
    others = [b for b in backends if b not in COLOURS]
    found = {}
    for backend in backends:
        colour = COLOURS.get(backend) or OTHERS[others.index(backend) % len(OTHERS)]
        modes = sorted((e for e in engines if e.partition(":")[0] == backend), key=lambda e: ":" in e)
        for i, engine in enumerate(modes):
            found[engine] = Style(colour, MARKERS.get(backend, "X"), DASHES[i % len(DASHES)])
    return found


def plot(measurements: Measurements, problem: str, title: str) -> str:
    """Draw the cost of value and gradient of a problem against its size.

    Parameters
    ----------
    measurements : Measurements
        What was measured.
    problem : str
        The problem.
    title : str
        What a screen reader announces.

    Returns
    -------
    str
        An ``<svg>`` element whose text and axes take the colours of the page.
    """
    import matplotlib
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": problem,
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": _TEXT,
        "axes.labelcolor": _TEXT,
        "axes.edgecolor": _GRID,
        "xtick.color": _TEXT,
        "ytick.color": _TEXT,
    }
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(10.4, 4.5), layout="constrained")
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        for panel, operator in zip(panels, ("value", "gradient"), strict=True):
            _draw(panel, measurements, problem, operator)
        panels[0].set_ylabel("time of one execution")
        handles = _handles(measurements, problem)
        figure.legend(handles=handles, loc="outside right center", frameon=False, handlelength=3.4, labelspacing=0.55)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embedded(buffer.getvalue(), identifier(problem), escape(title))


def _draw(panel: Any, measurements: Measurements, problem: str, operator: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    look = styles(measurements.engines)
    stopped = {c.engine for c in measurements.cut_offs if (c.problem, c.operator) == (problem, operator)}
    for engine, row in measurements.of(problem, operator).items():
        sizes, style = sorted(row), look[engine]
        costs = [row[size].seconds for size in sizes]
        panel.plot(sizes, costs, color=style.colour, linestyle=style.dashes, marker=style.marker, **_LINE)
        if engine in stopped:
            panel.plot(sizes[-1:], costs[-1:], linestyle="", **_END, color=style.colour)
    panel.set(xscale="log", yscale="log", title=operator, xlabel="differentiated elements")
    panel.yaxis.set_major_locator(LogLocator(numticks=12))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds)))
    panel.grid(True, which="major", color=_GRID, linewidth=0.6)
    panel.tick_params(which="both", color=_GRID)
    panel.spines[["top", "right"]].set_visible(False)


_LINE: dict[str, Any] = {"linewidth": 1.7, "markersize": 5, "markeredgewidth": 0}
_END: dict[str, Any] = {"marker": "|", "markersize": 15, "markeredgewidth": 1.8}


def _handles(measurements: Measurements, problem: str) -> list[Any]:
    from matplotlib.lines import Line2D

    look = styles(measurements.engines)
    present = {r.engine for r in measurements.records if r.problem == problem}
    handles = [
        Line2D([], [], color=s.colour, linestyle=s.dashes, marker=s.marker, label=engine, **_LINE)
        for engine, s in sorted(look.items(), key=lambda item: measurements.engines.index(item[0]))
        if engine in present
    ]
    if any(c.problem == problem for c in measurements.cut_offs):
        handles.append(Line2D([], [], color=_TEXT, linestyle="", label="stopped, see below", **_END))
    return handles


def identifier(problem: str) -> str:
    """Return a problem's name as an id of the page."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", problem)


def _embedded(svg: str, name: str, title: str) -> str:
    """Strip the XML prologue, make ids unique in the page, hand the colours over to CSS, and name the picture."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r'\b(id="|xlink:href="#|url\(#)', rf"\g<1>{name}-", body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = body.replace(_TEXT, "var(--ink)").replace(_GRID, "var(--rule)")
    label = f'role="img" aria-labelledby="{name}-title"'
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ([^>]*)',
        lambda m: f"<svg {label} {m.group(1) or m.group(2) or ''}",
        body,
        count=1,
    ).replace(">", f'><title id="{name}-title">{title}</title>', 1)


def duration(seconds: float) -> str:
    """Write a duration with three significant digits and its unit: ``4.02 µs``, ``1.5 s``."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit * 0.9995:
            return f"{_three(seconds / unit)} {name}"
    return f"{_three(seconds / 1e-9)} ns"


def _three(number: float) -> str:
    return f"{number:.0f}" if number >= 99.95 else f"{number:.3g}"
