"""Custom rules in PyTorch, and PyTorch's own gradient checkers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import optree
import torch
from torch.autograd import gradcheck, gradgradcheck

from gradcheck.backend import Backend
from gradcheck.functions import DTYPES, Array, real_dtype
from gradcheck.rules import Alter, Context


def with_rule(backend: Backend, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
    """Return a `torch.autograd.Function` of a portable function whose backward is altered."""
    template: list[Any] = []
    # one namespace for all calls: what an eager call has looked up in it need not be traced
    namespaces = {dtype: backend.namespace(real_dtype(np.dtype(dtype))) for dtype in DTYPES}

    def forward(*leaves: torch.Tensor) -> tuple[torch.Tensor, ...]:
        outputs, found = optree.tree_flatten(f(namespaces[_dtype(leaves)], *leaves))
        if not torch.compiler.is_compiling():  # a trace allows no side effects; an eager call comes first
            template[:] = [optree.tree_unflatten(found, range(len(outputs)))]
        return tuple(outputs)

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *leaves: torch.Tensor) -> tuple[torch.Tensor, ...]:  # dynamo cannot trace closures
            ctx.save_for_backward(*leaves)  # of a forward that has a setup_context
            return forward(*leaves)

        @staticmethod
        def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, ...]:
            leaves = ctx.saved_tensors
            pullback = torch.func.vjp(forward, *leaves)[1]
            context = _context(leaves, lambda us: list(pullback(tuple(us))))
            altered = alter(namespaces[_dtype(leaves)], leaves, cotangents, list(pullback(cotangents)), context)
            return tuple(altered)

    def native(*leaves: torch.Tensor) -> Any:
        outputs = Rule.apply(*leaves)  # type: ignore[no-untyped-call]
        # tree_map over a template, since torch.compile can trace that and not tree_unflatten
        return outputs[0] if len(outputs) == 1 else optree.tree_map(lambda i: outputs[i], template[0])

    native.__name__ = getattr(f, "__name__", "rule")
    return native


def _dtype(leaves: Sequence[torch.Tensor]) -> str:
    return str(leaves[0].dtype).removeprefix("torch.")


def _context(leaves: Sequence[torch.Tensor], pullback: Callable[[Sequence[Any]], list[Any]]) -> Context:
    return Context(
        _dtype(leaves),
        torch.compiler.is_compiling(),
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
