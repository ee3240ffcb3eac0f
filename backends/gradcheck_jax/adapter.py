"""The adapter of JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from gradcheck.backend import Backend, Bound, Kernel
from gradcheck.errors import first_line
from gradcheck.functions import DTYPES, Array
from gradcheck.operators import Operator
from gradcheck.rules import Alter
from gradcheck_jax.namespace import JaxNamespace
from gradcheck_jax.rules import checkers, has_rule, with_rule


class JaxBackend(Backend):
    """JAX. Whole derivatives are jitted, except in mode ``eager``; 64-bit mode is on only inside."""

    name = "jax"
    modes: ClassVar = {
        "jit": "reverse mode, jitted as a whole",
        "eager": "reverse mode, primitive by primitive",
        "forward": "forward mode, jitted as a whole",
    }
    frameworks = ("jax", "jaxlib")
    dtypes = DTYPES
    pushforward = "jit"

    def namespace(self, dtype: np.dtype[Any]) -> JaxNamespace:
        """Return the namespace of JAX arrays."""
        return JaxNamespace(dtype)

    def asarray(self, array: Array) -> jax.Array:
        """Return a JAX array on the default device."""
        return jnp.array(array)

    def to_numpy(self, array: Any) -> Array:
        """Return a NumPy array with its own memory."""
        return np.array(array)

    def is_array(self, leaf: Any) -> bool:
        """Whether `leaf` is a floating or complex JAX array."""
        return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jnp.inexact)

    def scope(self) -> AbstractContextManager[Any]:
        """Enable 64-bit types for the calls of this adapter alone."""
        context: AbstractContextManager[Any] = jax.enable_x64(True)
        return context

    def synchronize(self, results: Sequence[Any]) -> None:
        """Wait for asynchronous dispatch."""
        jax.block_until_ready(results)  # type: ignore[no-untyped-call]

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of f(x)."""
        return _run(lambda leaves: bound(leaves), mode)

    def gradient(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the gradient; JAX's is the conjugate of df/dRe + i df/dIm."""
        first = _first(bound)
        if mode == "forward":
            return None if _complex(bound) else _run(jax.jacfwd(first), mode)  # type: ignore[return-value]
        return _run(lambda leaves: _conjugated(jax.grad(first)(leaves)), mode)

    def vjp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the pullback; forward mode has none."""
        if mode == "forward":
            return None

        def kernel(leaves: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
            outputs, pullback = jax.vjp(bound, leaves)
            own = [u.astype(o.dtype) for u, o in zip(cotangents, outputs, strict=True)]  # it may have promoted them
            return _conjugated(pullback(_conjugated(own))[0])

        return _run(kernel, mode)

    def jvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the pushforward."""
        return _run(lambda leaves, tangents: jax.jvp(bound, (leaves,), (tangents,))[1], mode)

    def jacobian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the Jacobian."""
        transform = jax.jacfwd if mode == "forward" else jax.jacrev
        return _run(lambda leaves: _flattened(transform(bound)(leaves)), mode)

    def hessian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the Hessian: forward over reverse, or forward over forward."""
        inner = jax.jacfwd if mode == "forward" else jax.jacrev
        return _run(lambda leaves: _flattened(jax.jacfwd(inner(_first(bound)))(leaves)), mode)

    def hvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the Hessian times a tangent: forward over reverse, or over forward."""
        inner = jax.jacfwd if mode == "forward" else jax.grad
        return _run(lambda leaves, tangents: jax.jvp(inner(_first(bound)), (leaves,), (tangents,))[1], mode)

    def with_rule(self, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
        """Return a `jax.custom_vjp` of `f` whose backward is altered."""
        return with_rule(self, f, alter)

    def by_hand(self, bound: Bound, leaves: Sequence[Array], mode: str) -> bool:
        """Whether a `jax.custom_vjp` or a callback takes part, or forward mode takes a `jax.custom_jvp`.

        All other pullbacks are made by transposing linear maps.
        """
        try:
            return has_rule(bound, [self.asarray(leaf) for leaf in leaves], forward=mode == "forward")
        except Exception:  # a function that branches on values cannot be traced
            return True

    def checkers(self, order: int = 1) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
        """Return `jax.test_util.check_grads` in reverse mode."""
        return checkers(self, order)

    def unsupported(self, error: Exception, operator: Operator) -> str | None:
        """Return JAX's reason where it says that it has no such derivative."""
        text = str(error)
        if isinstance(error, NotImplementedError) or any(sign in text for sign in _REASONS):
            return first_line(error)
        return None

    def devices(self) -> tuple[str, ...]:
        """Return JAX's devices."""
        return tuple(str(d) for d in jax.devices())

    def flags(self) -> Mapping[str, str]:
        """Return what JAX's precision is set to by the caller."""
        names = ("jax_enable_x64", "jax_default_matmul_precision")
        return {name: str(getattr(jax.config, name)) for name in names}


_REASONS = (
    "can't apply forward-mode differentiation (jvp) to a custom_vjp function",
    "Reverse-mode differentiation does not work for lax.while_loop",
    "Differentiation rule for",
    "Linearization failed to produce known values",
    "gradient with respect to a and b not supported",
    "is not supported, see docstring for supported types",
    "Unsupported dtype",
)


def _run(kernel: Callable[..., Any], mode: str) -> Kernel:
    """Jit a kernel as a whole, unless the mode is eager; kernels take lists."""
    chosen = kernel if mode == "eager" else jax.jit(kernel)
    return lambda *groups: chosen(*[list(group) for group in groups])


def _first(bound: Bound) -> Callable[[Sequence[Any]], Any]:
    return lambda leaves: bound(leaves)[0]


def _complex(bound: Bound) -> bool:
    return any(a.dtype.kind == "c" for a in bound.inputs.arrays)


def _conjugated(arrays: Sequence[Any]) -> list[Any]:
    return [jnp.conj(a) if jnp.iscomplexobj(a) else a for a in arrays]


def _flattened(blocks: Sequence[Sequence[Any]]) -> list[Any]:
    return [block for row in blocks for block in row]
