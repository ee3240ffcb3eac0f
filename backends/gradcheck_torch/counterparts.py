"""What NumPy and JAX call the operators of PyTorch's database: independent definitions of the same functions."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradcheck import discovery
from gradcheck.backend import Backend
from gradcheck_torch.calls import Call, flat

KEYWORDS = {"dim": "axis", "keepdim": "keepdims"}
"""Keywords that mean the same in JAX."""

_SAME_NAME = {
    "numpy": """
        abs acos acosh add amax amin angle asin asinh atan atan2 atanh atleast_1d atleast_2d atleast_3d broadcast_to
        ceil column_stack conj copysign corrcoef cos cosh cov cross cumprod cumsum deg2rad diag diagflat diagonal
        diff dot dsplit dstack exp exp2 expm1 fliplr flipud float_power floor fmax fmin fmod frexp hsplit hstack
        hypot i0 inner kron log log10 log1p log2 logaddexp logaddexp2 matmul maximum mean minimum nan_to_num nanmean
        nanquantile nansum outer positive pow prod quantile rad2deg ravel real reciprocal remainder reshape roll
        rot90 round sign sin sinc sinh sort sqrt square squeeze stack sum take tan tanh tile trace trapezoid tril
        triu true_divide trunc vdot vsplit vstack
    """,
    "numpy.fft": """
        fft.fft fft.fft2 fft.fftn fft.fftshift fft.hfft fft.ifft fft.ifft2 fft.ifftn fft.ifftshift fft.ihfft
        fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn
    """,
    "numpy.linalg": """
        linalg.cond linalg.cross linalg.det linalg.diagonal linalg.inv linalg.matrix_power linalg.multi_dot
        linalg.norm linalg.pinv linalg.qr linalg.slogdet linalg.solve linalg.svdvals linalg.tensorinv linalg.vecdot
        linalg.vector_norm qr
    """,
    "nn": """
        log_softmax nn.functional.celu nn.functional.elu nn.functional.glu nn.functional.leaky_relu
        nn.functional.mish nn.functional.relu nn.functional.relu6 nn.functional.selu nn.functional.silu sigmoid
        softmax
    """,
    "scipy.linalg": "block_diag",
    "scipy.special": """
        digamma erf erfc erfinv logit special.entr special.erfcx special.i0e special.i1 special.i1e special.log_ndtr
        special.ndtr special.ndtri special.xlog1py xlogy
    """,
    "lax": "complex cummax cummin rsqrt",
}
_OTHER_NAME = {
    "bmm": "numpy.matmul",
    "cat": "numpy.concatenate",
    "clamp": "numpy.clip",
    "div": "numpy.divide",
    "lgamma": "scipy.special.gammaln",
    "logcumsumexp": "lax.cumlogsumexp",
    "mT": "numpy.matrix_transpose",
    "matrix_exp": "scipy.linalg.expm",
    "mm": "numpy.matmul",
    "movedim": "numpy.moveaxis",
    "mul": "numpy.multiply",
    "mv": "numpy.matmul",
    "mvlgamma": "scipy.special.multigammaln",
    "neg": "numpy.negative",
    "nn.functional.hardsigmoid": "nn.hard_sigmoid",
    "nn.functional.hardswish": "nn.hard_swish",
    "nn.functional.hardtanh": "nn.hard_tanh",
    "nn.functional.logsigmoid": "nn.log_sigmoid",
    "nn.functional.softsign": "nn.soft_sign",
    "permute": "numpy.transpose",
    "pinverse": "numpy.linalg.pinv",
    "repeat": "numpy.tile",
    "sgn": "numpy.sign",
    "sub": "numpy.subtract",
    "take_along_dim": "numpy.take_along_axis",
}
JAX = {
    **{name: f"{module}.{name.rpartition('.')[2]}" for module, names in _SAME_NAME.items() for name in names.split()},
    **_OTHER_NAME,
}
"""The functions of JAX by the operators' names; a name stands here only if a test finds the same values."""


@dataclass(frozen=True)
class Counterpart:
    """Another system's function, called as a sample calls PyTorch's operator.

    Parameters
    ----------
    function : callable
        The function.
    call : Call
        The sample.
    keywords : mapping of str to str
        What it calls the operator's keywords, where not the same.
    asarray : callable
        Makes its outputs arrays of its system.
    """

    function: Callable[..., Any]
    call: Call
    keywords: Mapping[str, str]
    asarray: Callable[[Any], Any]

    def __call__(self, *inputs: Any) -> Any:
        """Return the outputs that PyTorch differentiates; several as a tuple."""
        filled = [_constant(leaf, self.call.dtype, inputs[0].dtype) for leaf in self.call.leaves]
        for position, array in zip(self.call.active, inputs, strict=True):
            filled[position] = array
        first, args, kwargs = self.call.arranged(filled)
        outputs = flat(self.function(first, *args, **{self.keywords.get(k, k): v for k, v in kwargs.items()}))
        return self.call.chosen([self.asarray(output) for output in outputs])


def _constant(leaf: Any, sample: torch.dtype, dtype: Any) -> Any:
    """Return a constant for NumPy, in the precision of the inputs if it is in that of the sample."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    array = np.array(leaf.resolve_conj().resolve_neg().numpy())
    if leaf.dtype != sample:
        return array
    return array.astype(np.result_type(dtype, np.complex64) if array.dtype.kind == "c" else dtype)


def counterparts(op: Any, call: Call, outputs: Sequence[torch.Tensor]) -> dict[str, Callable[..., Any]]:
    """Return the function in NumPy's and JAX's words, where they have it and can be called as the sample calls it.

    Parameters
    ----------
    op : OpInfo
        The operator.
    call : Call
        The sample.
    outputs : sequence of torch.Tensor
        What it returns; functions whose outputs have other shapes are left out.
    """
    if _only_torch_can(call):
        return {}
    made: dict[str, Callable[..., Any]] = {}
    if callable(op.ref):
        definition = Counterpart(op.ref, call, {}, np.asarray)
        if _fits(definition, outputs, nullcontext()):
            made["numpy"] = definition
    jax = discovery.find("jax") if op.name in JAX else None
    if isinstance(jax, Backend):
        rival = Counterpart(_of_jax(JAX[op.name]), call, KEYWORDS, _of_jax("numpy.asarray"))
        if _fits(rival, outputs, jax.scope()):
            made["jax"] = rival
    return made


def _of_jax(name: str) -> Callable[..., Any]:
    module, _, function = f"jax.{name}".rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _only_torch_can(call: Call) -> bool:
    """Whether the call has arguments of PyTorch's own kinds, or something is done with its output."""
    own = any(type(a).__module__.startswith("torch") and not isinstance(a, torch.Tensor) for a in call.leaves)
    output = object()
    try:
        return own or call.process(output) is not output
    except Exception:
        return True


def _fits(form: Counterpart, outputs: Sequence[torch.Tensor], scope: AbstractContextManager[Any]) -> bool:
    """Whether a form can be called, and returns floating arrays of the shapes of PyTorch's outputs."""
    try:
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"), scope:
            found = [np.asarray(output) for output in flat(form(*form.call.arrays))]
    except Exception:
        return False
    wanted = [(tuple(output.shape), "c" if output.is_complex() else "f") for output in outputs]
    return [(array.shape, array.dtype.kind) for array in found] == wanted
