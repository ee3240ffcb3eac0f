"""Custom rules in PyTorch, and PyTorch's own gradient checkers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import optree
import torch
from torch._guards import TracingContext
from torch.autograd import gradcheck, gradgradcheck

from gradcheck.backend import Backend
from gradcheck.functions import Array, real_dtype
from gradcheck.rules import Alter, Context


def with_rule(backend: Backend, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
    """Return a `torch.autograd.Function` of a portable function whose backward is altered."""
    structure: list[optree.PyTreeSpec] = []

    def forward(*leaves: torch.Tensor) -> tuple[torch.Tensor, ...]:
        outputs, found = optree.tree_flatten(f(_namespace(backend, leaves), *leaves))
        structure[:] = [found]
        return tuple(outputs)

    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*leaves: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return forward(*leaves)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: tuple[torch.Tensor, ...]) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, ...]:
            leaves = ctx.saved_tensors
            pullback = torch.func.vjp(forward, *leaves)[1]
            context = _context(leaves, lambda us: list(pullback(tuple(us))))
            altered = alter(_namespace(backend, leaves), leaves, cotangents, list(pullback(cotangents)), context)
            return tuple(altered)

    def native(*leaves: torch.Tensor) -> Any:
        outputs = Rule.apply(*leaves)  # type: ignore[no-untyped-call]
        return outputs[0] if len(outputs) == 1 else optree.tree_unflatten(structure[0], outputs)

    native.__name__ = getattr(f, "__name__", "rule")
    return native


def _namespace(backend: Backend, leaves: Sequence[torch.Tensor]) -> Any:
    return backend.namespace(real_dtype(np.dtype(_dtype(leaves))))


def _dtype(leaves: Sequence[torch.Tensor]) -> str:
    return str(leaves[0].dtype).removeprefix("torch.")


def _context(leaves: Sequence[torch.Tensor], pullback: Callable[[Sequence[Any]], list[Any]]) -> Context:
    return Context(
        _dtype(leaves),
        torch.compiler.is_compiling() or TracingContext.try_get() is not None,  # in dynamo, or in AOTAutograd
        all(leaf.is_contiguous() for leaf in leaves),
        pullback,
        torch.Tensor.detach,
        _overwrite,
    )


def _overwrite(array: torch.Tensor, values: torch.Tensor) -> None:
    array.data.copy_(values)


def checkers(order: int) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
    """Return `torch.autograd.gradcheck` in slow and in fast mode, or `gradgradcheck` for order 2."""
    check = gradcheck if order == 1 else gradgradcheck
    return {
        f"torch {check.__name__}": partial(_accepts, check, False),
        f"torch {check.__name__}, fast": partial(_accepts, check, True),
    }


def _accepts(check: Callable[..., bool], fast: bool, native: Callable[..., Any], arrays: Sequence[Array]) -> bool:
    leaves = [torch.from_numpy(np.array(a)).requires_grad_() for a in arrays]
    return bool(check(native, leaves, fast_mode=fast))
