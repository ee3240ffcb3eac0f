"""One call of an operator, as a function of the tensors that it is differentiated by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree
import torch

from gradcheck.functions import Array

REAL = {torch.complex64: torch.float32, torch.complex128: torch.float64}
COMPLEX = {real: number for number, real in REAL.items()}
"""The dtypes of the same precision; torch.compile traces no method of a dtype."""


@dataclass(frozen=True)
class Call:
    """One call of an operator, as a function of the tensors that it is differentiated by.

    Parameters
    ----------
    operator : callable
        ``operator(input, *args, **kwargs)``.
    process : callable
        What is done with its output before that is differentiated.
    template : pytree
        Input, args and kwargs with the number of each leaf in its place.
    leaves : tuple
        All leaves; no tensor among them requires a gradient.
    active : tuple of int
        Which leaves are differentiated.
    dtype : torch.dtype
        The dtype of the sample; constants in it follow the inputs' precision.
    kept : tuple of int, optional
        Which outputs are differentiable; by default all.
    copied : bool
        Whether the operator gets contiguous copies, because it works in place or depends on how memory is laid out.
        Others do not: transforms of `torch.func` would wrap a copied index, which some operators cannot read.
    """

    operator: Callable[..., Any]
    process: Callable[[Any], Any]
    template: Any
    leaves: tuple[Any, ...]
    active: tuple[int, ...]
    dtype: torch.dtype
    kept: tuple[int, ...] | None = None
    copied: bool = False

    def __call__(self, *inputs: torch.Tensor) -> Any:
        """Return the differentiable outputs; several as a tuple."""
        filled = [self._constant(leaf, inputs[0].dtype) for leaf in self.leaves]
        for position, tensor in zip(self.active, inputs, strict=True):
            filled[position] = tensor.clone(memory_format=torch.contiguous_format) if self.copied else tensor
        first, args, kwargs = self.arranged(filled)
        return self.chosen(flat(self.process(self.operator(first, *args, **kwargs))))

    def _constant(self, leaf: Any, dtype: torch.dtype) -> Any:
        """Return a leaf that is not differentiated, in the precision of the inputs if it is in that of the sample."""
        if not isinstance(leaf, torch.Tensor):
            return leaf
        if leaf.dtype == self.dtype:
            leaf = leaf.to((COMPLEX if leaf.is_complex() else REAL).get(dtype, dtype))
        return leaf.clone() if self.copied else leaf

    def arranged(self, filled: Sequence[Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Arrange leaves as input, args and kwargs; with tree_map, which torch.compile can trace."""
        arranged: Any = optree.tree_map(lambda i: filled[i], self.template)
        return arranged[0], tuple(arranged[1]), dict(arranged[2])

    def chosen(self, outputs: Sequence[Any]) -> Any:
        """Return the differentiable ones of an operator's outputs; several as a tuple."""
        chosen = tuple(outputs) if self.kept is None else tuple(outputs[i] for i in self.kept)
        return chosen[0] if len(chosen) == 1 else chosen

    @property
    def labels(self) -> tuple[str, ...]:
        """How reports name the inputs: ``input``, ``args[0]``, ``weight``."""
        paths = optree.tree_paths(self.template)
        return tuple(_label(paths[i]) for i in self.active)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The inputs at the sample, in memory of their own."""
        return tuple(np.array(self.leaves[i].resolve_conj().resolve_neg().numpy()) for i in self.active)


def flat(output: Any) -> list[Any]:
    """Return the leaves of an output."""
    return optree.tree_leaves(output, none_is_leaf=True)


def _label(path: Sequence[Any]) -> str:
    place, *rest = path
    if place == 2:  # a keyword speaks for itself
        name, *rest = rest
    else:
        name = ("input", "args")[place]
    return str(name) + "".join(f"[{step!r}]" for step in rest)
