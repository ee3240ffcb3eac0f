"""What is installed, missing or broken here, and what mends it.

Each backend is examined in a process of its own (``python -m gradcheck.doctor NAME``), so that a
framework that crashes or hangs while it is imported is reported like any other that is broken.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import gradcheck
from gradcheck import discovery
from gradcheck.errors import first_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

TIMEOUT = 120.0
"""How long a backend may take to be imported, in seconds."""

MARK = "examination: "
"""What the answer of a child process begins with, among all that a framework may print."""

CORE = ("numpy", "scipy", "optree", "autoray", "lark", "rich", "typer", "jinja2")
"""The distributions that the core needs."""


@dataclass(frozen=True)
class Examination:
    """What was found of one backend.

    Parameters
    ----------
    backend : str
        Its name.
    state : str
        ``"installed"``, ``"missing"`` or ``"broken"``.
    reason : str
        Why it cannot be used; empty if it can.
    remedy : str
        The command that mends it.
    versions : mapping of str to str
        Its framework's distributions.
    modes : mapping of str to str
        What each mode lacks here; empty if it can run.
    devices : tuple of str
        The devices that the framework sees.
    flags : mapping of str to str
        Its precision flags.
    seconds : float
        What importing it took, in seconds.
    """

    backend: str
    state: str
    reason: str = ""
    remedy: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Examination:
        """Rebuild what `dataclasses.asdict` made, after a journey as JSON."""
        return cls(**{**found, "devices": tuple(found["devices"])})


def examine(name: str) -> Examination:
    """Import a backend in this process and ask it about itself.

    Raises
    ------
    UnknownNameError
        If no such backend is registered.
    """
    started = time.perf_counter()
    found = discovery.find(name)
    seconds = time.perf_counter() - started
    if isinstance(found, discovery.Absence):
        return Examination(name, found.state, found.reason, found.remedy, seconds=seconds)
    try:
        return Examination(
            name,
            "installed",
            versions=discovery.versions(found.frameworks),
            modes={mode: found.missing(mode) or "" for mode in found.modes},
            devices=tuple(found.devices()),
            flags=dict(found.flags()),
            seconds=seconds,
        )
    except Exception as error:
        return Examination(name, "broken", f"it cannot describe itself: {first_line(error)}", seconds=seconds)


def examine_apart(name: str, *, timeout: float = TIMEOUT) -> Examination:
    """Examine a backend in a process of its own.

    Parameters
    ----------
    name : str
        The backend.
    timeout : float
        How long to wait for it, in seconds.

    Returns
    -------
    Examination
        ``"broken"`` also where the import crashes the process or does not end.
    """
    command = [sys.executable, "-P", "-m", "gradcheck.doctor", name]  # -P: the folder we stand in shadows nothing
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return Examination(name, "broken", f"its import did not end within {timeout:g} s", seconds=timeout)
    answers = [line for line in child.stdout.splitlines() if line.startswith(MARK)]
    if child.returncode != 0 or not answers:
        return Examination(name, "broken", _death(child))
    return Examination.from_dict(json.loads(answers[-1].removeprefix(MARK)))


def _death(child: subprocess.CompletedProcess[str]) -> str:
    """Say how a process ended: by which signal or code, and its last line."""
    lines = [line.strip() for line in child.stderr.splitlines() if line.strip()]
    last = f": {lines[-1]:.200}" if lines else ""
    code = -child.returncode
    named = code in {s.value for s in signal.Signals}
    how = signal.Signals(code).name if named else f"exit code {child.returncode}"
    return f"its import ended the process ({how}){last}"


def examine_all() -> list[Examination]:
    """Examine every registered backend, each in a process of its own.

    Raises
    ------
    RegistrationError
        If no backend is registered, or two claim one name.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(examine_apart, discovery.names()))


def render(examinations: Sequence[Examination], console: Console) -> None:
    """Print what was found, and below it what mends it."""
    installed = discovery.versions(CORE)
    missing = [name for name in CORE if name not in installed]
    console.print(
        f"gradcheck {gradcheck.__version__}, {platform.python_implementation()} {platform.python_version()}, "
        f"{platform.platform()}, {os.cpu_count()} CPU(s)",
        markup=False,
        soft_wrap=True,
    )
    console.print(", ".join(f"{k} {v}" for k, v in installed.items()), markup=False, soft_wrap=True)
    if missing:
        console.print(f"missing: {', '.join(missing)}; try: pip install {' '.join(missing)}", soft_wrap=True)
    console.print(_table(examinations))
    for found in examinations:
        if found.state != "installed":
            remedy = f"; try: {found.remedy}" if found.remedy else ""
            console.print(f"{found.backend} is {found.state}: {found.reason}{remedy}", markup=False, soft_wrap=True)
        for mode, lack in found.modes.items():
            if lack:
                console.print(f"{found.backend}:{mode} cannot run: it needs {lack}", markup=False, soft_wrap=True)


def _table(examinations: Sequence[Examination]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table("backend", "state", "versions", "modes", "devices", "flags", "import", box=box.SIMPLE_HEAD)
    colours = {"installed": "green", "missing": "yellow", "broken": "red"}
    for found in examinations:
        modes = ", ".join(mode + (" (lacking)" if lack else "") for mode, lack in found.modes.items())
        cells = [
            "\n".join(f"{k} {v}" for k, v in found.versions.items()),
            modes,
            ", ".join(found.devices),
            "\n".join(f"{k}={v}" for k, v in found.flags.items()),
            f"{found.seconds:.1f} s",
        ]
        state = Text(found.state, style=colours[found.state])
        table.add_row(Text(found.backend), state, *(Text(cell) for cell in cells))
    return table


def main(name: str) -> None:
    """Examine one backend and print the result as a marked line of JSON."""
    print(f"\n{MARK}{json.dumps(asdict(examine(name)))}")


if __name__ == "__main__":
    main(sys.argv[1])
