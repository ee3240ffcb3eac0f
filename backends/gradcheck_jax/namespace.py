"""JAX as the namespace of portable functions: `jax.numpy` and what it lacks."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from gradcheck.functions import Array
from gradcheck.namespaces import LibraryNamespace
from gradcheck.namespaces.vocabulary import SPECIAL


class JaxNamespace(LibraryNamespace):
    """NumPy's vocabulary on JAX arrays."""

    library = "jax"
    renamed: ClassVar = {
        **{name: f"jax.scipy.{name}" for name in (*SPECIAL, "linalg.expm", "linalg.solve_triangular")},
        "linalg.qr": "jax.numpy.linalg.qr",  # autoray's own forms of these two have fewer options
        "linalg.svd": "jax.numpy.linalg.svd",
    }

    def from_numpy(self, array: Array) -> jax.Array:
        """Return a JAX array."""
        return jnp.asarray(array)

    def is_array(self, value: Any) -> bool:
        """Whether `value` is a JAX array or a tracer."""
        return isinstance(value, jax.Array)

    def take(self, x: jax.Array, indices: Any, axis: int | None = None) -> jax.Array:
        """Take elements by index; JAX refuses lists, whose conversion costs time."""
        return jnp.take(x, jnp.asarray(indices), axis=axis)

    def quantile(self, x: jax.Array, q: Any, axis: int | None = None, keepdims: bool = False) -> jax.Array:
        """Quantiles; JAX takes no list of them."""
        return jnp.quantile(x, jnp.asarray(q, x.dtype), axis=axis, keepdims=keepdims)

    def special_softmax(self, x: jax.Array, axis: int | None = None) -> jax.Array:
        """Softmax over an axis, or, as in SciPy, over all elements."""
        return jax.nn.softmax(x, axis=tuple(range(x.ndim)) if axis is None else axis)

    def special_log_softmax(self, x: jax.Array, axis: int | None = None) -> jax.Array:
        """The logarithm of softmax."""
        return jax.nn.log_softmax(x, axis=tuple(range(x.ndim)) if axis is None else axis)

    def special_j0(self, x: jax.Array) -> jax.Array:
        """Return the Bessel function of order 0, which JAX has together with those of higher orders."""
        values: jax.Array = jax.scipy.special.bessel_jn(x, v=1)[0]
        return values

    def special_j1(self, x: jax.Array) -> jax.Array:
        """Return the Bessel function of order 1."""
        values: jax.Array = jax.scipy.special.bessel_jn(x, v=1)[1]
        return values
