"""Auditing a user's own check: which faults it would miss."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck import discovery
from gradcheck.audit.bank import BANK
from gradcheck.audit.faults import Standing
from gradcheck.audit.implants import Mutant, implant
from gradcheck.audit.mutations import MUTATIONS, Mutation
from gradcheck.audit.points import Point, draw
from gradcheck.audit.recall import Setting, accepted, judged, reference_backend
from gradcheck.audit.subjects import Subject
from gradcheck.backend import Backend
from gradcheck.errors import InputError, UnsupportedError
from gradcheck.functions import Array, Function, Inputs
from gradcheck.operators import Operator
from gradcheck.rules import Alter, Context, unaltered

FUNCTIONS = 12
"""How many functions of the bank a check is tried on, where the user names none."""
HAND_WRITTEN = "gradient"
"""The name of a check's second parameter from which on it gets NumPy functions."""

Accepts = Callable[[Mutant], bool]
"""Whether a check accepts a mutant."""


@dataclass(frozen=True)
class Found:
    """What checks say of one fault.

    Parameters
    ----------
    kind : str
        The fault.
    subject : str
        The function that it was implanted in.
    missed : mapping of str to bool
        Whether each check accepts it.
    """

    kind: str
    subject: str
    missed: Mapping[str, bool]


@dataclass(frozen=True)
class Survey:
    """What checks say of right gradients, and of wrong ones.

    Parameters
    ----------
    faults : tuple of Found
        One for each kind of fault that can be implanted and seen.
    rejected : mapping of str to tuple of str
        The functions whose right gradient each check rejects.
    functions : int
        How many right gradients were tried.
    """

    faults: tuple[Found, ...]
    rejected: Mapping[str, tuple[str, ...]]
    functions: int

    def missed(self, check: str) -> list[Found]:
        """Return the faults that a check accepts."""
        return [f for f in self.faults if f.missed[check]]


def survey(
    checks: Mapping[str, Accepts],
    subjects: Sequence[Subject],
    backend: Backend,
    *,
    order: int = 1,
    seed: int = 0,
    by_hand: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> Survey:
    """Hand checks a right gradient and every kind of wrong one.

    Parameters
    ----------
    checks : mapping of str to callable
        Each says whether it accepts a mutant; one that raises rejects it.
    subjects : sequence of Subject
        The functions: the first that a kind of fault shows in is taken.
    backend : Backend
        The framework in which the rules are made.
    order : {1, 2}
        2 implants faults of the second derivative as well.
    seed : int
        Varies points, and what kinds of fault leave open.
    by_hand : bool
        Whether the checks get gradients in NumPy, in which no cotangent and no compiler takes part.
    progress : callable
        Called with each kind of fault.

    Raises
    ------
    InputError
        If no fault can be implanted in any of the functions.
    """
    points = [p for p in (_point(s, order, seed) for s in subjects) if p is not None]
    if not points:
        raise InputError("none of the functions has a derivative that could be altered")
    rejected = {
        name: tuple(p.subject.name for p in points if not _accepts(check, _right(p, backend)))
        for name, check in checks.items()
    }
    faults = []
    for mutation in MUTATIONS:
        if by_hand and (mutation.cotangents or mutation.mode):
            continue
        progress(mutation.name)
        mutant = _first(mutation, points, backend, order, seed)
        if mutant is not None:
            missed = {name: _accepts(check, mutant) for name, check in checks.items()}
            faults.append(Found(mutation.name, mutant.point.subject.name, missed))
    return Survey(tuple(faults), rejected, len(points))


def _point(subject: Subject, order: int, seed: int) -> Point | None:
    try:
        return draw(subject, reference_backend(), seed=seed, order=order)
    except UnsupportedError:
        return None


def _right(point: Point, backend: Backend) -> Mutant:
    """Return the mutant that is none."""
    nothing = Mutation("none", lambda point, rng: unaltered)
    made = implant(nothing, point, backend)
    assert made is not None  # `unaltered` fits everywhere
    return made


def _first(mutation: Mutation, points: Sequence[Point], backend: Backend, order: int, seed: int) -> Mutant | None:
    """Return the first mutant that changes something that can be seen."""
    if mutation.order > order:
        return None
    for point in points:
        mutant = implant(mutation, point, backend, seed)
        if mutant is not None and mutant.standing is Standing.COUNTED:
            return mutant
    return None


def _accepts(check: Accepts, mutant: Mutant) -> bool:
    try:
        return check(mutant)
    except Exception:
        return False


# -- checks -----------------------------------------------------------------------------------


def checks_of(backend: Backend, order: int = 1) -> dict[str, Accepts]:
    """Return gradcheck's own check and those of a framework."""

    def theirs(checker: Callable[..., bool]) -> Accepts:
        return lambda mutant: accepted(checker, mutant.function, mutant.point)

    own: dict[str, Accepts] = {"gradcheck": lambda mutant: bool(judged(mutant, Setting.ALONE))}
    return {**own, **{name: theirs(checker) for name, checker in backend.checkers(order).items()}}


def users_check(test: Callable[..., Any]) -> Accepts:
    """Return a user's function as a check.

    Parameters
    ----------
    test : callable
        ``test(f, *inputs)``, where `f` is a native function with a custom rule and the inputs are
        NumPy arrays; or ``test(f, gradient, *inputs)``, where both are functions of NumPy arrays. It accepts
        by returning something true, or None as tests do, and rejects by returning something false or by raising.
    """
    names = list(inspect.signature(test).parameters)
    by_hand = names[1:2] == [HAND_WRITTEN]

    def accepts(mutant: Mutant) -> bool:
        functions = (_forward(mutant.point), _gradient(mutant)) if by_hand else (mutant.function,)
        verdict = test(*functions, *(a.copy() for a in mutant.point.arrays))
        return verdict is None or bool(verdict)

    return accepts


def _forward(point: Point) -> Callable[..., Any]:
    """Return the function in NumPy."""
    backend, form = discovery.load("numerical"), Function.of(point.function)

    def forward(*arrays: Any) -> Any:
        outputs = backend.estimate(form, _moved(point, arrays), Operator.VALUE).arrays
        return outputs[0] if len(outputs) == 1 else outputs

    return forward


def _gradient(mutant: Mutant) -> Callable[..., Any]:
    """Return the wrong gradient of a scalar function in NumPy: one array, or a tuple of them."""
    form, alter = Function.of(mutant.point.function), mutant.alter

    def gradient(*arrays: Any) -> Any:
        inputs = _moved(mutant.point, arrays)
        right = reference_backend().estimate(form, inputs, Operator.GRADIENT).arrays
        altered = _altered(alter, inputs, right, mutant.mutation)
        return altered[0] if len(altered) == 1 else tuple(altered)

    return gradient


def _altered(alter: Alter, inputs: Inputs, right: Sequence[Array], mutation: Mutation) -> list[Array]:
    context = Context(
        inputs.dtype.name,
        False,
        all(a.flags.c_contiguous for a in inputs.arrays),
        lambda cotangents: [np.asarray(cotangents[0] * g) for g in right],
        lambda array: array,
        np.copyto,
    )
    unit = [np.ones((), inputs.dtype)]
    return [np.asarray(a) for a in alter(np, inputs.arrays, unit, list(right), context)]


def _moved(point: Point, arrays: Sequence[Any]) -> Inputs:
    return point.inputs.moved([np.asarray(a) for a in arrays])


# -- functions --------------------------------------------------------------------------------


def subjects_of(function: Function | None, arguments: tuple[Any, ...]) -> tuple[Subject, ...]:
    """Return the user's function as the only subject; some of the bank's where there is none.

    Raises
    ------
    InputError
        If the function is not portable.
    """
    if function is None:
        return BANK[:FUNCTIONS]
    if function.portable is None:
        raise InputError(
            f"{function.name} is not portable: its first parameter must be xp, as in def {function.name}(xp, ...), "
            "so that rules can be made of it"
        )
    return (Subject(function.name, function.portable, lambda rng: arguments),)


def scalar_only(subjects: Sequence[Subject], seed: int = 0) -> tuple[Subject, ...]:
    """Return the subjects with one 0-d output, which alone have gradients."""
    pairs = [(s, _point(s, 1, seed)) for s in subjects]
    return tuple(s for s, p in pairs if p is not None and p.scalar)
