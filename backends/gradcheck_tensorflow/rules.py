"""Custom rules in TensorFlow, and TensorFlow's own gradient checker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gradcheck.functions import Array, real_dtype
from gradcheck.rules import Alter, Context
from gradcheck_tensorflow.namespace import TensorflowNamespace

ZERO = tf.UnconnectedGradients.ZERO
CLOSE = 1e-6
"""The default of both tolerances of ``tf.test.TestCase.assertAllClose``."""


def with_rule(f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
    """Return a `tf.custom_gradient` of a portable function whose backward is altered."""

    def forward(*leaves: Any) -> Any:
        xp = _namespace(leaves)
        return xp.unwrap(f(xp, *xp.wrap(leaves)))

    def pulled_back(leaves: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            outputs = tf.nest.flatten(forward(*leaves))
        slopes = tape.gradient(outputs, leaves, output_gradients=list(cotangents), unconnected_gradients=ZERO)
        return [tf.convert_to_tensor(slope) for slope in slopes]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def rule(*leaves: Any) -> Any:
        def backward(*cotangents: Any) -> list[Any]:
            xp = _namespace(leaves)
            context = _context(xp, leaves, lambda us: xp.wrap(pulled_back(leaves, xp.unwrap(list(us)))))
            right = pulled_back(leaves, cotangents)
            inputs, seeds, gradients = xp.wrap((list(leaves), list(cotangents), right))
            altered: list[Any] = xp.unwrap(list(alter(xp, inputs, seeds, gradients, context)))
            return altered

        return forward(*leaves), backward

    def native(*leaves: Any) -> Any:
        return rule(*leaves)

    native.__name__ = getattr(f, "__name__", "rule")
    return native


def _namespace(leaves: Sequence[Any]) -> TensorflowNamespace:
    return TensorflowNamespace(real_dtype(np.dtype(leaves[0].dtype.as_numpy_dtype)))


def _context(xp: TensorflowNamespace, leaves: Sequence[Any], pullback: Callable[[Sequence[Any]], list[Any]]) -> Context:
    traced = not tf.executing_eagerly()
    return Context(
        leaves[0].dtype.name, traced, True, pullback, lambda array: xp.wrap(tf.stop_gradient(xp.unwrap(array)))
    )


def checkers(order: int) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
    """Return `tf.test.compute_gradient`, of the gradient for order 2, whose results must be all close."""
    return {"tensorflow compute_gradient": _accepts if order == 1 else lambda f, xs: _accepts(_slopes(f), xs)}


def _accepts(native: Callable[..., Any], arrays: Sequence[Array]) -> bool:
    theoretical, numerical = tf.test.compute_gradient(native, [tf.constant(np.array(a)) for a in arrays])
    pairs = zip(theoretical, numerical, strict=True)
    return all(np.allclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True) for a, b in pairs)


def _slopes(native: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient as a function of one output, which is all that `compute_gradient` takes."""

    def slopes(*leaves: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output = native(*leaves)
        found = tape.gradient(output, leaves, unconnected_gradients=ZERO)
        return tf.concat([tf.reshape(tf.convert_to_tensor(slope), [-1]) for slope in found], 0)

    return slopes
