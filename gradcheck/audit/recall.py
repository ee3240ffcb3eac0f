"""Recall: what `gradcheck.check` finds of the faults that were implanted, and what the frameworks' checkers find."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np

from gradcheck import discovery
from gradcheck.audit.bank import LARGE
from gradcheck.audit.faults import Standing
from gradcheck.audit.implants import Mutant, implant
from gradcheck.audit.mutations import MUTATIONS, NAMED, Mutation
from gradcheck.audit.points import Point, draw
from gradcheck.audit.subjects import Subject, spread
from gradcheck.backend import Backend
from gradcheck.errors import InputError, UnsupportedError
from gradcheck.functions import Function
from gradcheck.judge.verdicts import Verdict
from gradcheck.operators import Operator
from gradcheck.report import Report, severity
from gradcheck.verification import check


class Setting(StrEnum):
    """What a custom rule is held against."""

    ALONE = "alone"
    """One framework's function: numerics of its own forward, nothing else."""
    SECOND = "second framework"
    """... and another framework's function of the same meaning, whose rule is right."""
    REFERENCE = "portable reference"
    """... and a portable definition, which the numerical and the exact engine evaluate."""


@dataclass(frozen=True)
class Cell:
    """Some mutants of one kind, all examined alike.

    Parameters
    ----------
    mutation : str
        The kind.
    scale : float
        What the functions' outputs are multiplied with.
    dtype : str
        Of the check.
    setting : Setting
        What the rule is held against.
    backend : str
        Whose rule it is.
    partner : str
        The second framework, where the setting has one.
    count : int
        How many mutants are wanted.
    seed : int
        Chooses subjects, points and what kinds leave open.
    peers : bool
        Whether the framework's own checkers are asked too.
    large : bool
        Whether only functions of a thousand inputs or more will do; else only others will.
    """

    mutation: str
    scale: float
    dtype: str
    setting: Setting
    backend: str
    partner: str = ""
    count: int = 1
    seed: int = 0
    peers: bool = False
    large: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    Parameters
    ----------
    cell : Cell
        Which it is of.
    subject : str
        The function.
    seed : int
        The point.
    excluded : bool
        Whether its fault is below the function's own resolution; it was then not examined.
    caught : bool
        Whether the report is false.
    named : bool
        Whether a verdict on the accused engine names a fault.
    located : bool or None
        Whether the element that is named is one of the wrong ones; None where the gradient has no part in it.
    innocent : bool
        Whether no other engine under test was accused.
    status : str
        The worst verdict on the accused.
    reason : str
        Its reason.
    peers : mapping of str to bool
        Which of the framework's own checkers rejected it.
    telling : mapping of str to bool
        Which of them rejected it and accepted the right rule at the same point.
    """

    cell: Cell
    subject: str
    seed: int
    excluded: bool
    caught: bool = False
    named: bool = False
    located: bool | None = None
    innocent: bool = True
    status: str = ""
    reason: str = ""
    peers: dict[str, bool] = field(default_factory=dict)
    telling: dict[str, bool] = field(default_factory=dict)


def examine(cell: Cell, subjects: Sequence[Subject]) -> list[Outcome]:
    """Implant the faults of a cell, and report what was found of each.

    Parameters
    ----------
    cell : Cell
        What to implant, and how often.
    subjects : sequence of Subject
        Into what; those that the kind changes nothing of are passed over.
    """
    outcomes: list[Outcome] = []
    for mutant, seed in _mutants(cell, subjects):
        name = mutant.point.subject.name
        if mutant.standing is Standing.EXCLUDED:
            outcomes.append(Outcome(cell, name, seed, excluded=True))
        else:
            found = _judged(cell, mutant, seed)
            outcomes.append(_with_peers(found, mutant) if cell.peers else found)
        if len(outcomes) == cell.count:
            break
    return outcomes


def _mutants(cell: Cell, subjects: Sequence[Subject]) -> Iterator[tuple[Mutant, int]]:
    """Return mutants that change something, each of another subject while there are enough."""
    mutation, backend = by_name(cell.mutation), discovery.load(cell.backend)
    rng = np.random.default_rng([zlib.crc32(f"{cell.mutation} {cell.scale:g} {cell.setting}".encode()), cell.seed])
    for turn in range(cell.count):
        seed, found = cell.seed + turn, False
        for i in rng.permutation(len(subjects)):
            subject = subjects[i]
            if (LARGE in subject.tags) is not cell.large:
                continue
            point = _point(subject, mutation.spread, seed, cell.dtype, cell.scale, mutation.order)
            mutant = None if point is None else implant(mutation, point, backend, seed)
            if mutant is not None and mutant.standing is not Standing.ABSENT:
                found = True
                yield mutant, seed
        if not found:
            return


def by_name(name: str) -> Mutation:
    """Return a kind of fault."""
    return next(m for m in MUTATIONS if m.name == name)


@cache
def _point(subject: Subject, apart: bool, seed: int, dtype: str, scale: float, order: int) -> Point | None:
    """Differentiate a subject with the first framework there is; None if that is too large."""
    chosen = spread(subject) if apart else subject
    try:
        return draw(chosen, reference_backend(), seed=seed, dtype=dtype, scale=scale, order=order)
    except (UnsupportedError, InputError):
        return None


@cache
def reference_backend() -> Backend:
    """Return the framework whose derivatives of correct functions are taken for right."""
    for name in ("torch", "jax", "tensorflow"):
        found = discovery.find(name)
        if isinstance(found, Backend):
            return found
    return discovery.load("torch")  # raises, and says how to install it


# -- what is found ----------------------------------------------------------------------------


def _judged(cell: Cell, mutant: Mutant, seed: int) -> Outcome:
    report = judged(mutant, cell.setting, cell.partner)
    accused = [v for v in report.verdicts if not v.witness and v.engine.backend == cell.backend]
    others = [v for v in report.verdicts if not v.witness and v.engine.backend != cell.backend]
    worst = max((v for v in accused if v.operator is not Operator.VALUE), key=lambda v: severity(v.status))
    return Outcome(
        cell,
        mutant.point.subject.name,
        seed,
        excluded=False,
        caught=not report,
        named=any(v.status in mutant.mutation.expected for v in accused),
        located=_located(mutant, worst) if worst.status in NAMED else None,
        innocent=all(v.status not in mutant.mutation.expected for v in others),
        status=worst.status.value,
        reason=worst.evidence.reason,
    )


def _located(mutant: Mutant, verdict: Verdict) -> bool | None:
    """Whether the element that a verdict on a gradient names is a wrong one."""
    labels, arrays = mutant.point.inputs.labels, mutant.point.arrays
    if verdict.operator is not Operator.GRADIENT or verdict.index is None or mutant.mutation.cotangents:
        return None
    before = sum(a.size for a in arrays[: labels.index(verdict.argument)])
    shape = arrays[labels.index(verdict.argument)].shape
    position = before + int(np.ravel_multi_index(verdict.index, shape)) if shape else before
    return bool(mutant.fault.change[position] > 0)


def judged(mutant: Mutant, setting: Setting, partner: str = "") -> Report:
    """Check a mutant as a user would who has no more than the setting gives."""
    function, engines = Function.of({mutant.backend.name: mutant.function}), mutant.engines
    if setting is Setting.SECOND:
        other = discovery.load(partner)
        right = replace(mutant, backend=other).right
        function, engines = Function.of({mutant.backend.name: mutant.function, partner: right}), (*engines, partner)
    elif setting is Setting.REFERENCE:
        function = replace(function, portable=mutant.point.function)
    inputs = mutant.point.inputs
    named = replace(function, name=mutant.point.subject.name, parameters=inputs.labels)
    return check(named, *inputs.arrays, backends=engines, dtype=inputs.dtype.name, order=mutant.mutation.order)


def _with_peers(outcome: Outcome, mutant: Mutant) -> Outcome:
    """Add which of the framework's own checkers reject the mutant, and which of those not the right rule as well."""
    checkers = mutant.backend.checkers(mutant.mutation.order)
    rejects = {name: not accepted(checker, mutant.function, mutant.point) for name, checker in checkers.items()}
    telling = {name: rejects[name] and accepted(c, mutant.right, mutant.point) for name, c in checkers.items()}
    return replace(outcome, peers=rejects, telling=telling)


def accepted(checker: Callable[..., Any], function: Callable[..., Any], point: Point) -> bool:
    """Whether a checker accepts a function; one that raises rejects it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of single precision before it rejects it
        try:
            return bool(checker(function, [a.copy() for a in point.arrays]))
        except Exception:
            return False
