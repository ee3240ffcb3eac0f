"""Custom rules in JAX, and JAX's own gradient checker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optree
from jax.core import Tracer
from jax.extend.core import Jaxpr, Primitive, subjaxprs
from jax.test_util import check_grads

from gradcheck.backend import Backend
from gradcheck.functions import Array, real_dtype
from gradcheck.rules import Alter, Context


def with_rule(backend: Backend, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
    """Return a `jax.custom_vjp` of a portable function whose backward is altered."""
    structure: list[optree.PyTreeSpec] = []

    def forward(*leaves: Any) -> tuple[Any, ...]:
        outputs, found = optree.tree_flatten(f(_namespace(backend, leaves), *leaves))
        structure[:] = [found]
        return tuple(outputs)

    def backward(leaves: tuple[Any, ...], cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        pullback = jax.vjp(forward, *leaves)[1]
        context = _context(leaves, lambda us: list(pullback(tuple(us))))
        altered = alter(_namespace(backend, leaves), leaves, cotangents, list(pullback(cotangents)), context)
        return tuple(altered)

    rule = jax.custom_vjp(forward)
    rule.defvjp(lambda *leaves: (forward(*leaves), leaves), backward)

    def native(*leaves: Any) -> Any:
        outputs = rule(*leaves)
        return outputs[0] if len(outputs) == 1 else optree.tree_unflatten(structure[0], outputs)

    native.__name__ = getattr(f, "__name__", "rule")
    return native


def has_rule(f: Callable[..., Any], leaves: Sequence[Any], *, forward: bool) -> bool:
    """Whether a function calls a rule written by hand, or Python, when it is pulled back or, `forward`, pushed."""
    names = {primitive.name for primitive in _primitives(jax.make_jaxpr(f)(leaves).jaxpr)}
    return any(name.startswith("custom_vjp") or "callback" in name for name in names) or (
        forward and any(name.startswith("custom_jvp") for name in names)
    )


def _primitives(jaxpr: Jaxpr) -> Iterator[Primitive]:
    for equation in jaxpr.eqns:
        yield equation.primitive
    for inner in subjaxprs(jaxpr):
        yield from _primitives(inner)


def _namespace(backend: Backend, leaves: Sequence[Any]) -> Any:
    return backend.namespace(real_dtype(leaves[0].dtype))


def _context(leaves: Sequence[Any], pullback: Callable[[Sequence[Any]], list[Any]]) -> Context:
    traced = any(isinstance(leaf, Tracer) for leaf in leaves)
    return Context(leaves[0].dtype.name, traced, True, pullback, jax.lax.stop_gradient)


def checkers(backend: Backend, order: int) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
    """Return `jax.test_util.check_grads`; in reverse mode, the only one that a `jax.custom_vjp` has."""

    def accepts(native: Callable[..., Any], arrays: Sequence[Array]) -> bool:
        with backend.scope():
            check_grads(native, [jnp.array(a) for a in arrays], order, modes=("rev",))  # type: ignore[no-untyped-call]
        return True

    return {"jax check_grads": accepts}
