"""What a stored benchmark says: its records, and the figures that follow from them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcheck.errors import InputError

FIELDS = ("problem", "size", "engine", "backend", "mode", "operator", "native", "preparation_seconds", "verdict")
"""What gradcheck's records hold in pytest-benchmark's ``extra_info``, versions apart."""

BY_HAND = "analytic"
"""The engine of gradients written by hand."""
EAGER = "eager"
"""The mode against which a backend's compiled modes must pay back their preparation."""
COMPILED = ("compile", "jit", "function", "xla")
"""The modes that trace or compile, whatever backend has them."""


@dataclass(frozen=True)
class Record:
    """The cost of one engine for one operator of one problem at one size.

    Parameters
    ----------
    problem, engine, backend, mode, operator, verdict : str
        As `gradcheck.benchmark.measurement` stored them; `mode` is never empty.
    size : int
        The number of differentiated elements.
    native : bool
        Whether the operator is the framework's own.
    preparation : float
        What the first call took beyond a later one, in seconds.
    seconds : float
        The median of one execution, in seconds.
    quartiles : tuple of float
        Its first and third quartile, in seconds.
    rounds : int
        How many rounds were timed.
    """

    problem: str
    size: int
    engine: str
    backend: str
    mode: str
    operator: str
    native: bool
    preparation: float
    verdict: str
    seconds: float
    quartiles: tuple[float, float]
    rounds: int


@dataclass(frozen=True)
class CutOff:
    """The size at which an engine stopped, and why."""

    problem: str
    engine: str
    operator: str
    size: int
    reason: str


@dataclass(frozen=True)
class Exclusion:
    """An engine that was not timed because of its verdict."""

    problem: str
    engine: str
    operator: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class BreakEven:
    """After how many executions a compiled mode has paid back its preparation.

    Parameters
    ----------
    record, eager : Record
        The compiled and the eager mode of one backend.
    executions : float
        The least number of executions at which the compiled mode costs no more in total; inf: never.
    """

    record: Record
    eager: Record
    executions: float

    @property
    def speedup(self) -> float:
        """How many times faster one execution is than the eager mode's."""
        return self.eager.seconds / self.record.seconds


def break_even(preparation: float, execution: float, eager_preparation: float, eager_execution: float) -> float:
    """Return the least n with ``preparation + n execution <= eager_preparation + n eager_execution``.

    Parameters
    ----------
    preparation, execution, eager_preparation, eager_execution : float
        In seconds.

    Returns
    -------
    float
        A whole number of at least 1, or inf where the faster start is never overtaken.
    """
    owed, saved = preparation - eager_preparation, eager_execution - execution
    if saved > 0:
        return float(max(1, math.ceil(owed / saved)))
    return 1.0 if saved == 0 and owed <= 0 else math.inf


@dataclass(frozen=True)
class Measurements:
    """A stored benchmark.

    Parameters
    ----------
    records : tuple of Record
        In the order in which they were measured.
    cut_offs : tuple of CutOff
        Who stopped where.
    exclusions : tuple of Exclusion
        Who was not timed.
    absences : tuple of mapping
        The backends that could not be used: ``backend``, ``state``, ``reason``, ``remedy``.
    versions : mapping of str to str
        Of gradcheck and the frameworks.
    machine : mapping of str to str
        What it ran on, in words.
    created : str
        When, in ISO 8601.
    foreign : int
        How many records of other benchmarks were left out.
    """

    records: tuple[Record, ...]
    cut_offs: tuple[CutOff, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    absences: tuple[Mapping[str, str], ...] = ()
    versions: Mapping[str, str] | None = None
    machine: Mapping[str, str] | None = None
    created: str = ""
    foreign: int = 0

    @property
    def problems(self) -> list[str]:
        """The problems, in order of appearance."""
        return _distinct([r.problem for r in self.records])

    @property
    def engines(self) -> list[str]:
        """The engines, in order of appearance."""
        return _distinct([r.engine for r in self.records])

    def of(self, problem: str, operator: str) -> dict[str, dict[int, Record]]:
        """Return the records of a problem and operator, by engine and size."""
        found: dict[str, dict[int, Record]] = {}
        for r in self.records:
            if (r.problem, r.operator) == (problem, operator):
                found.setdefault(r.engine, {})[r.size] = r
        return found

    def ratios(self, problem: str) -> dict[str, dict[int, float]]:
        """Return cost of the gradient over cost of the value, by engine and size; both are the engine's own."""
        values = self.of(problem, "value")
        ratios: dict[str, dict[int, float]] = {}
        for engine, row in self.of(problem, "gradient").items():
            own = values.get(engine, {})
            found = {size: r.seconds / own[size].seconds for size, r in row.items() if size in own}
            if found:
                ratios[engine] = found
        return ratios

    def break_evens(self, problem: str, operator: str = "gradient") -> list[BreakEven]:
        """Return the break-even of every compiled mode whose backend's eager mode was timed at the same size."""
        rows = self.of(problem, operator).values()
        eager = {(r.backend, size): r for row in rows for size, r in row.items() if r.mode == EAGER}
        return [
            BreakEven(r, other, break_even(r.preparation, r.seconds, other.preparation, other.seconds))
            for row in rows
            for size, r in row.items()
            if r.mode in COMPILED and (other := eager.get((r.backend, size))) is not None
        ]


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def read(path: Path) -> Measurements:
    """Read what pytest-benchmark stored.

    Raises
    ------
    InputError
        If the file cannot be read, is not pytest-benchmark's JSON, or holds no record of gradcheck's suite.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read {path}: {reason}") from error
    if not text.strip():
        raise InputError(f"{path} is empty; wanted the JSON of pytest-benchmark (gradcheck bench --json FILE)")
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({str(error)[:80]}); wanted the JSON of pytest-benchmark") from error
    return measurements(stored, str(path))


def measurements(stored: Any, origin: str) -> Measurements:
    """Make `Measurements` of pytest-benchmark's JSON; `origin` names it in errors.

    Raises
    ------
    InputError
        If it is something else, or holds no record of gradcheck's suite.
    """
    if not isinstance(stored, dict) or not isinstance(stored.get("benchmarks"), list):
        raise InputError(f"{origin} is not pytest-benchmark's JSON: it has no list 'benchmarks'")
    entries = stored["benchmarks"]
    own = [e for e in entries if isinstance(e, dict) and set(FIELDS) <= set(e.get("extra_info") or ())]
    if not own:
        raise InputError(
            f"{origin} holds {len(entries)} record(s), none of them made by gradcheck's benchmark; "
            "make one with: gradcheck bench --json FILE"
        )
    facts = stored.get("gradcheck") or {}
    try:
        versions: dict[str, str] = {}
        for entry in own:
            versions |= entry["extra_info"].get("versions", {})
        return Measurements(
            tuple(_record(entry) for entry in own),
            tuple(CutOff(**c) for c in facts.get("cut_offs", ())),
            tuple(Exclusion(**e) for e in facts.get("excluded", ())),
            tuple(facts.get("absences", ())),
            versions,
            _machine(stored.get("machine_info") or {}),
            str(stored.get("datetime", "")),
            len(entries) - len(own),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{origin} is damaged, or another version of gradcheck wrote it ({type(error).__name__}: {error})"
        ) from error


def _record(entry: Mapping[str, Any]) -> Record:
    info, stats = entry["extra_info"], entry["stats"]
    seconds = float(stats["median"])
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"the median of {entry.get('name')} is {seconds}")
    return Record(
        str(info["problem"]),
        int(info["size"]),
        str(info["engine"]),
        str(info["backend"]),
        str(info["mode"]),
        str(info["operator"]),
        bool(info["native"]),
        float(info["preparation_seconds"]),
        str(info["verdict"]),
        seconds,
        (float(stats.get("q1", seconds)), float(stats.get("q3", seconds))),
        int(stats.get("rounds", 1)),
    )


def _machine(info: Mapping[str, Any]) -> dict[str, str]:
    cpu = info.get("cpu") or {}
    words = {
        "processor": cpu.get("brand_raw") or info.get("processor") or info.get("machine"),
        "logical cores": cpu.get("count"),
        "system": " ".join(str(info[k]) for k in ("system", "release") if info.get(k)),
        "Python": " ".join(str(info[k]) for k in ("python_implementation", "python_version") if info.get(k)),
    }
    return {k: str(v) for k, v in words.items() if v}
