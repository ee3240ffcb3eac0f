"""What the audit mutates and checks: correct portable functions and where their points come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optree


@dataclass(frozen=True)
class Subject:
    """A correct function.

    Parameters
    ----------
    name : str
        Unique in its bank.
    function : callable
        Portable: ``f(xp, *args)``.
    inputs : callable
        ``inputs(rng)`` draws the positional arguments, a tuple whose leaves are all floating or complex.
    source : str
        Paper, standard or manual that defines the function.
    tags : tuple of str
        What a selection can name.
    """

    name: str
    function: Callable[..., Any]
    inputs: Callable[[np.random.Generator], tuple[Any, ...]]
    source: str = ""
    tags: tuple[str, ...] = ()


DECADES = 6
"""How many decades the gradients of a spread subject differ by at least."""


def spread(subject: Subject) -> Subject:
    """Return a function of inputs in other units, so that its gradients are of very different sizes.

    Parameters
    ----------
    subject : Subject
        ``f(x)``; the result is ``g(y) = f(w y)`` at ``y = x / w``, where w falls from 1 to
        ``10**-DECADES`` from the first to the last element of each argument.
    """

    def function(xp: Any, *args: Any) -> Any:
        tree: Any = args
        return subject.function(xp, *optree.tree_map(lambda y: xp.asarray(_units(y.shape)) * y, tree))

    def inputs(rng: np.random.Generator) -> tuple[Any, ...]:
        tree: Any = subject.inputs(rng)
        return tuple(optree.tree_map(lambda x: np.asarray(x) / _units(np.shape(x)), tree))

    return replace(subject, name=f"{subject.name}, spread", function=function, inputs=inputs)


def _units(shape: tuple[int, ...]) -> Any:
    size = int(np.prod(shape))
    return np.logspace(0, -DECADES, size).reshape(shape) if size > 1 else np.ones(shape)
