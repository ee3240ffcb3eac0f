"""Wrong functions made of right ones: a subject whose custom rule in one framework has a fault."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.audit.faults import Fault, Standing, fault_of
from gradcheck.audit.mutations import Mutation
from gradcheck.audit.points import Point
from gradcheck.backend import Backend
from gradcheck.rules import Alter, unaltered

COMPILED = {"torch": "compile", "jax": "", "tensorflow": "function"}
"""The mode that compiles a custom rule, empty for the default one."""
PLAIN = {"torch": "", "jax": "eager", "tensorflow": ""}
"""The mode of each framework that runs a rule's Python at each call."""


@dataclass(frozen=True)
class Mutant:
    """A subject with a fault implanted in its rule.

    Parameters
    ----------
    mutation : Mutation
        The kind of fault.
    point : Point
        The subject and where it is differentiated.
    backend : Backend
        Whose custom rule it is.
    alter : Alter
        What is done to the gradients.
    fault : Fault
        How wrong that makes them.
    """

    mutation: Mutation
    point: Point
    backend: Backend
    alter: Alter
    fault: Fault

    @property
    def standing(self) -> Standing:
        """Whether it counts."""
        return self.fault.standing(self.mutation.size)

    @property
    def function(self) -> Callable[..., Any]:
        """The native function with the wrong rule, made anew so that no state is shared."""
        return self.backend.with_rule(self.point.function, self.alter)

    @property
    def right(self) -> Callable[..., Any]:
        """The native function with the right rule."""
        return self.backend.with_rule(self.point.function, unaltered)

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that the fault can be seen with."""
        name = self.backend.name
        if self.mutation.mode == "compiled":
            modes = [PLAIN[name], COMPILED[name]]
        else:
            modes = ["" if self.mutation.repeatable else PLAIN[name]]
        return tuple(f"{name}:{mode}" if mode else name for mode in modes)


def implant(mutation: Mutation, point: Point, backend: Backend, seed: int = 0) -> Mutant | None:
    """Implant a fault; None if the kind makes no sense for the point or the framework.

    Parameters
    ----------
    mutation : Mutation
        The kind.
    point : Point
        A subject at a point.
    backend : Backend
        A framework that has custom rules.
    seed : int
        Draws what the kind leaves open, such as which element is wrong.
    """
    rng = np.random.default_rng([zlib.crc32(f"{mutation.name} {point.subject.name}".encode()), seed])
    if not _fits(mutation, point, backend):
        return None
    alter = mutation.make(point, rng)
    if alter is None:
        return None
    return Mutant(mutation, point, backend, alter, fault_of(mutation, alter, point, rng))


def _fits(mutation: Mutation, point: Point, backend: Backend) -> bool:
    """Whether the kind can show at this point in this framework."""
    if mutation.mode and (backend.name not in COMPILED or backend.missing(COMPILED[backend.name])):
        return False
    if mutation.dtype and mutation.dtype != point.inputs.dtype.name:
        return False
    if mutation.real and any(a.dtype.kind == "c" for a in (*point.arrays, *point.outputs)):
        return False
    if not mutation.contiguous and all(a.size < 2 for a in point.arrays):
        return False  # a single element lies in memory in one way only
    writable = backend.name == "torch"  # the only one whose arrays have strides and can be written to
    return writable or not (mutation.mutable or not mutation.contiguous)
