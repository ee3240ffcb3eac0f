"""The adapter of rules written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import optree

from gradcheck.backend import Bound, Kernel
from gradcheck.errors import FunctionError, GradcheckError, UnsupportedError, first_line
from gradcheck.functions import Array, real_dtype
from gradcheck_numerical.boundary import NumpyBoundary


class AnalyticBackend(NumpyBoundary):
    """A gradient, Jacobian, VJP or Hessian written by hand in NumPy, behind the same interface as a framework.

    ``gradient(*args)`` and ``vjp(args, cotangent)`` return arrays shaped like the differentiated
    leaves, in any pytree with those leaves in order (one array for one leaf; None for the others).
    ``jacobian(*args)`` does so for each output, each array of the output's shape plus the leaf's, and
    ``hessian(*args)`` for each leaf, each array of that leaf's shape plus the other's.
    """

    name = "analytic"
    modes: ClassVar = {"rule": "the rule that was written by hand"}

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Refuse: a derivative written by hand has no forward of its own."""
        raise UnsupportedError("a rule written by hand has no forward of its own")

    def gradient(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of ``gradient=``; without one, the gradient is derived from ``vjp=``."""
        function = bound.function
        if function.gradient is not None:
            return self._rule("gradient", function.gradient, bound)
        if function.jacobian is not None and function.vjp is None:
            return self._rule("jacobian", function.jacobian, bound)  # of a scalar function they are the same
        return None

    def jacobian(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of ``jacobian=``."""
        rule = bound.function.jacobian
        return None if rule is None else self._rule("jacobian", rule, bound)

    def vjp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of ``vjp=``."""
        rule = bound.function.vjp
        if rule is None:
            return None

        def kernel(leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
            cotangent = cotangents[0] if len(cotangents) == 1 else tuple(cotangents)
            return _leaves("vjp", _called("vjp", rule, bound, bound.arguments(leaves), cotangent), bound, leaves)

        return kernel

    def hessian(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of ``hessian=``."""
        rule = bound.function.hessian
        return None if rule is None else self._rule("hessian", rule, bound)

    def _rule(self, name: str, rule: Callable[..., Any], bound: Bound) -> Kernel:
        def kernel(leaves: Sequence[Array]) -> list[Array]:
            return _leaves(name, _called(name, rule, bound, *bound.arguments(leaves)), bound, leaves)

        return kernel


def _called(name: str, rule: Callable[..., Any], bound: Bound, *args: Any) -> Any:
    """Call a rule; what it raises is said of the rule, not of the function."""
    try:
        return rule(*args)
    except GradcheckError:
        raise
    except Exception as error:
        raise FunctionError(f"the rule {name}= of {bound.function.name} raised {first_line(error)}") from error


def _leaves(rule: str, result: Any, bound: Bound, inputs: Sequence[Array]) -> list[Array]:
    """Flatten what a rule returned, in the dtype of the inputs; a Jacobian may have several outputs."""
    found = optree.tree_leaves(result)
    wanted = len(inputs) ** 2 if rule == "hessian" else len(inputs)
    if wanted == 1 and len(found) > 1 and all(np.ndim(leaf) == 0 for leaf in found):
        found = [np.asarray(result)]  # one array, written as nested lists
    if not found or (len(found) % wanted if rule == "jacobian" else len(found) != wanted):
        raise FunctionError(
            f"{rule}= of {bound.function.name} returned {len(found)} array(s) in {result!r:.60}; "
            f"wanted one for each {'pair ' if rule == 'hessian' else ''}of {', '.join(bound.inputs.labels)}"
        )
    arrays = []
    for i, leaf in enumerate(found):
        array, column = np.asarray(leaf), i % len(inputs)
        if array.dtype.kind not in "biufc":
            raise FunctionError(
                f"{rule}= of {bound.function.name} returned {type(leaf).__name__} for "
                f"{bound.inputs.labels[column]}; wanted a NumPy array"
            )
        arrays.append(array if array.dtype.kind == "c" else array.astype(real_dtype(inputs[column].dtype)))
    return arrays
