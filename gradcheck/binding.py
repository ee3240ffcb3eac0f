"""A user's function, bound to one framework's arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree

from gradcheck.errors import FunctionError, NotScalarError
from gradcheck.functions import Array, Function, Inputs


class Bound:
    """A user's function as a function of its differentiated leaves, in one framework's arrays.

    Calling it with a list of leaves gives the list of output leaves.

    Parameters
    ----------
    function : Function
        The user's function.
    inputs : Inputs
        The point: its structure and its constants.
    backend : str
        Whose arrays it takes, for messages.
    call : callable
        The form of the function to call with positional arguments.
    constant : callable
        Converts the arrays that are not differentiated.
    is_array : callable
        Whether an output is one of the framework's floating arrays.
    scalar : bool
        Whether the output must be one 0-d array.

    Attributes
    ----------
    outputs : optree.PyTreeSpec or None
        The structure of the outputs, once the function has been called.
    """

    def __init__(
        self,
        function: Function,
        inputs: Inputs,
        backend: str,
        call: Callable[..., Any],
        constant: Callable[[Array], Any],
        is_array: Callable[[Any], bool],
        scalar: bool = False,
    ) -> None:
        self.function, self.inputs, self.backend, self.scalar = function, inputs, backend, scalar
        self.call, self._is_array = call, is_array
        self._active, self._template = inputs.active, inputs.template
        self._constants = [
            constant(leaf) if isinstance(leaf, np.ndarray) and i not in inputs.active else leaf
            for i, leaf in enumerate(inputs.leaves)
        ]
        self.outputs: optree.PyTreeSpec | None = None

    def arguments(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """Return the positional arguments with these arrays as differentiated leaves."""
        filled = list(self._constants)
        for i, leaf in zip(self._active, leaves, strict=True):
            filled[i] = leaf
        # tree_map over a template, since torch.compile can trace that and not tree_unflatten
        arguments: Any = optree.tree_map(lambda i: filled[i], self._template)
        return tuple(arguments)

    def __call__(self, leaves: Sequence[Any]) -> list[Any]:
        """Call the function.

        Raises
        ------
        FunctionError
            If it returned something other than a pytree of this framework's arrays.
        NotScalarError
            If one 0-d output was needed and it returned another.
        """
        result = self.call(*self.arguments(leaves))
        outputs, structure = optree.tree_flatten(result)
        if not outputs:
            raise FunctionError(f"{self.function.name} returned {result!r:.60}; wanted an array or a pytree of arrays")
        for output in outputs:
            if not self._is_array(output):
                raise FunctionError(
                    f"{self.function.name} returned {_describe(output)} under {self.backend}; "
                    f"wanted a floating array of {self.backend}, or a pytree of them"
                )
        if self.scalar and (len(outputs) != 1 or tuple(np.shape(outputs[0])) != ()):
            shapes = ", ".join(str(tuple(np.shape(o))) for o in outputs)
            raise NotScalarError(
                f"a scalar is needed: {self.function.name} returned shape {shapes}; "
                "use the operators jacobian, jvp or vjp, or reduce the output to 0-d"
            )
        if self.outputs is None:
            self.outputs = structure
        return list(outputs)


def _describe(value: Any) -> str:
    article = "an" if type(value).__name__[0].lower() in "aeiou" else "a"
    return f"{article} {type(value).__name__} ({value!r:.40})"
