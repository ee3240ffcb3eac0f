"""Who takes part in a check: the engines under test and the witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcheck import discovery
from gradcheck.backend import Backend, Engine
from gradcheck.discovery import Absence
from gradcheck.errors import InputError, UnknownNameError
from gradcheck.functions import Function
from gradcheck.judge.comparison import REFEREE
from gradcheck.options import Options

REFEREES = ("exact", "sympy:precise")
"""The engines that settle disputes over portable functions better than difference quotients do, best first."""


@dataclass(frozen=True)
class Participant:
    """An engine that takes part, with its backend and, where it has one, its host."""

    engine: Engine
    backend: Backend
    witness: bool = False
    host: Backend | None = None

    @property
    def wide(self) -> bool:
        """Whether it computes in double precision, at exactly the inputs, whatever the dtype of the check."""
        return self.host is None and (self.engine.backend == REFEREE or str(self.engine) in REFEREES)

    def in_mode(self, mode: str) -> Participant:
        """Return it in another of its modes."""
        return replace(self, engine=self.backend.engine(mode, self.engine.host))


@dataclass(frozen=True)
class Lineup:
    """Who takes part, who is asked where a dispute needs it, and which backends are absent."""

    engines: tuple[Participant, ...]
    absences: tuple[Absence, ...]
    referees: tuple[Engine, ...] = ()


def lineup(function: Function, options: Options) -> Lineup:
    """Choose the engines under test and the witnesses.

    Raises
    ------
    UnknownNameError
        For a backend or mode that does not exist.
    MissingBackendError, BrokenBackendError
        For one that was asked for by name, or given a native function, and cannot be used.
    """
    for key in function.native:
        if key != "numpy" and key not in discovery.names():
            raise UnknownNameError("backend of a native function", key, [*discovery.names(), "numpy"])
        if key in (REFEREE, "analytic"):
            raise InputError(f"a function of NumPy arrays has the key 'numpy', got {key!r}; write {{'numpy': f}}")
    absences: list[Absence] = []
    if options.backends is not None:
        tested = [Participant(e, discovery.load(e.backend)) for e in discovery.engines(options.backends)]
    else:
        found = {name: discovery.find(name) for name in _candidates(function)}
        absences = [a for a in found.values() if isinstance(a, Absence)]
        _refuse_absent_natives(function, absences)
        tested = [
            Participant(b.engine(), b) for b in found.values() if isinstance(b, Backend) and b.name not in REFEREES
        ]
    tested = [hosted for engine in tested for hosted in _hosted(engine, function)]
    witnesses = [w for w in _witnesses(function, options, tested) if w.engine not in {t.engine for t in tested}]
    engines = (*tested, *witnesses)
    return Lineup(engines, tuple(absences), _referees(function, options, [str(e.engine) for e in engines]))


def _candidates(function: Function) -> list[str]:
    """Return the backends that could have a form of the function; a rule beside NumPy's forward is tested alone."""
    if function.portable is not None:
        names = [n for n in discovery.names() if n != "analytic"]
    else:
        names = sorted(key for key in function.native if key != "numpy")
        if not names and not function.has_rule:
            return [REFEREE]
    return [*names, "analytic"] if function.has_rule else names


def _refuse_absent_natives(function: Function, absences: Sequence[Absence]) -> None:
    for absence in absences:
        if absence.backend in function.native:
            discovery.load(absence.backend)  # raises: its function was handed in by name


def _hosted(engine: Participant, function: Function) -> list[Participant]:
    """Give a numerical engine under test a forward: NumPy's, or else each native framework's."""
    if engine.engine.backend != REFEREE or function.portable is not None or "numpy" in function.native:
        return [engine]
    mode = engine.engine.mode
    hosts = [discovery.load(key) for key in function.native]
    return [Participant(engine.backend.engine(mode, host.name), engine.backend, engine.witness, host) for host in hosts]


def _witnesses(function: Function, options: Options, tested: Sequence[Participant]) -> list[Participant]:
    """Return the witnesses: on NumPy's forward, and one on each native framework's own forward."""
    if options.witness is None:
        return []
    name = REFEREE if options.witness == "auto" else options.witness
    backend = discovery.load(name)
    witnesses = _hosted(Participant(backend.engine(), backend, witness=True), function)
    if name == REFEREE and (function.portable is not None or "numpy" in function.native):
        hosts = {engine.backend.name: engine.backend for engine in tested if engine.engine.backend in function.native}
        for host in hosts.values():
            witnesses.append(Participant(backend.engine("", host.name), backend, witness=True, host=host))
    return witnesses


def _referees(function: Function, options: Options, taking_part: Sequence[str]) -> tuple[Engine, ...]:
    """Return the referees that may be called; nothing is imported for them before one is."""
    if function.portable is None or options.witness != "auto":
        return ()
    return tuple(Engine.parse(name) for name in REFEREES if name not in taking_part)


def called(engine: Engine) -> Participant:
    """Return a referee, imported now.

    Raises
    ------
    MissingBackendError, BrokenBackendError
        If it cannot be used.
    """
    return Participant(engine, discovery.load(engine.backend), witness=True)
