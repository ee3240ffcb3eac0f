"""Custom rules that a backend makes of a portable function, and how their gradients are altered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Context:
    """What an alteration is told of the call of the rule, besides its arrays.

    Parameters
    ----------
    dtype : str
        The dtype of the first input: ``"float32"``.
    compiled : bool
        Whether the framework is tracing or compiling the rule.
    contiguous : bool
        Whether every input lies contiguously in memory; True where the framework has no other layout.
    pullback : callable
        The right rule: takes cotangents, returns gradients, all in the arrays of the namespace.
    detach : callable
        Cuts an array off from further differentiation.
    overwrite : callable or None
        ``overwrite(array, values)`` writes into an array's memory; None where arrays are immutable.
    """

    dtype: str
    compiled: bool
    contiguous: bool
    pullback: Callable[[Sequence[Any]], list[Any]]
    detach: Callable[[Any], Any]
    overwrite: Callable[[Any, Any], None] | None = None


class Alter(Protocol):
    """A portable change of a rule: what it returns is handed on in place of the gradients."""

    def __call__(
        self, xp: Any, inputs: Sequence[Any], cotangents: Sequence[Any], gradients: Sequence[Any], context: Context
    ) -> Sequence[Any]:
        """Return one array for each input.

        Parameters
        ----------
        xp : namespace
            In NumPy's vocabulary.
        inputs, cotangents : sequence of arrays
            The function's inputs, and one cotangent for each of its outputs.
        gradients : sequence of arrays
            The right gradients, one for each input.
        context : Context
            What else is known of the call.
        """
        ...


def unaltered(
    xp: Any, inputs: Sequence[Any], cotangents: Sequence[Any], gradients: Sequence[Any], context: Context
) -> Sequence[Any]:
    """Return the right gradients."""
    return gradients
