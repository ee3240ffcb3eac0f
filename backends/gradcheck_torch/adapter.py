"""The adapter of PyTorch."""

from __future__ import annotations

import importlib
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import torch
from torch.autograd import functional as _functional
from torch.autograd.function import BackwardCFunction

from gradcheck.backend import Backend, Bound, Kernel, Measured
from gradcheck.errors import UnsupportedError, first_line
from gradcheck.estimates import without_gradient
from gradcheck.functions import DTYPES, Array
from gradcheck.operators import Operator
from gradcheck.rules import Alter
from gradcheck_torch.namespace import TorchNamespace, tensor_of
from gradcheck_torch.rules import checkers, with_rule

Tensors = Sequence[torch.Tensor]

functional: Any = _functional  # torch does not annotate it


class TorchBackend(Backend):
    """PyTorch. ``eager`` and ``compile`` go back through the tape (`torch.autograd`), ``forward`` is `torch.func`."""

    name = "torch"
    modes: ClassVar = {
        "eager": "reverse mode on the tape, torch.autograd",
        "compile": "torch.compile of the function and a backward pass through it; torch.func for jvp, hessian, hvp",
        "forward": "forward mode, torch.func",
    }
    frameworks = ("torch",)
    dtypes = DTYPES
    tapes = ("eager",)
    pushforward = "forward"

    def namespace(self, dtype: np.dtype[Any]) -> TorchNamespace:
        """Return the namespace of tensors on the CPU."""
        return TorchNamespace(dtype)

    def asarray(self, array: Array) -> torch.Tensor:
        """Return a tensor with its own memory, on the CPU."""
        return tensor_of(array)

    def to_numpy(self, array: torch.Tensor) -> Array:
        """Return a NumPy array with its own memory."""
        dense = array.detach().to_dense() if array.is_sparse else array.detach()
        if dense.dtype is torch.bfloat16:  # NumPy has none of its own
            return np.array(dense.cpu().float().numpy()).astype("bfloat16")
        return np.array(dense.numpy(force=True))  # some zeros of torch have no memory unless forced

    def layouts(self, array: Array) -> Mapping[str, torch.Tensor]:
        """Return the tensor as every other element of a longer one, transposed, and expanded from one element."""
        tensor = self.asarray(array)
        if tensor.numel() < 2:
            return {}
        layouts = {"strided": torch.stack([tensor, torch.zeros_like(tensor)], -1)[..., 0]}
        if tensor.squeeze().ndim > 1:
            axes = tuple(reversed(range(tensor.ndim)))
            layouts["transposed"] = tensor.permute(axes).contiguous().permute(axes)
        if (tensor == tensor.reshape(-1)[0]).all():
            layouts["broadcast (stride 0)"] = tensor.reshape(-1)[0].expand(tensor.shape)
        return layouts

    def is_array(self, leaf: Any) -> bool:
        """Whether `leaf` is a floating or complex tensor."""
        return isinstance(leaf, torch.Tensor) and (leaf.is_floating_point() or leaf.is_complex())

    def __init__(self) -> None:
        _load_forward_rules()

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Record gradients whatever the caller's grad mode, and leave the random state as it was."""
        with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]):
            yield

    def synchronize(self, results: Sequence[Any]) -> None:
        """Wait for a GPU, if a result lies on one."""
        if any(r.is_cuda for r in results if isinstance(r, torch.Tensor)):
            torch.cuda.synchronize()

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of f(x)."""

        def plain(leaves: Tensors) -> list[Any]:
            with torch.no_grad():
                return bound([leaf.detach() for leaf in leaves])

        return _compiled_forward(bound) if mode == "compile" else plain

    def gradient(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the gradient: one backward pass, or `jacfwd` (of real inputs) in forward mode."""
        if mode == "forward":
            if any(a.dtype.kind == "c" for a in bound.inputs.arrays):
                return None
            return lambda leaves: torch.func.jacfwd(_first(bound))(list(leaves))
        forward = bound if mode == "eager" else _compiled_forward(bound)
        return lambda leaves: _backward(forward, bound, leaves, None)

    def vjp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of one backward pass with a cotangent; forward mode has none."""
        if mode == "forward":
            return None
        forward = bound if mode == "eager" else _compiled_forward(bound)
        return lambda leaves, cotangents: _backward(forward, bound, leaves, cotangents)

    def jvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the pushforward; on the tape it is torch's double backward."""
        if mode == "eager":
            return lambda leaves, tangents: _listed(
                functional.jvp(_positional(bound), tuple(leaves), tuple(tangents))[1]
            )
        kernel = lambda leaves, tangents: torch.func.jvp(bound, (list(leaves),), (list(tangents),))[1]  # noqa: E731
        return _compiled_transform(kernel, bound) if mode == "compile" else kernel

    def jacobian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the Jacobian."""
        if mode == "eager":
            if any(a.size == 0 for a in bound.inputs.arrays):
                return lambda leaves: _jacobian_with_gaps(bound, leaves)
            return lambda leaves: _flattened(functional.jacobian(_positional(bound), tuple(leaves)), len(leaves))
        if mode == "forward":
            return lambda leaves: _flattened(torch.func.jacfwd(bound)(list(leaves)), len(leaves))
        forward = _compiled_forward(bound)
        return lambda leaves: _jacobian_by_rows(forward, leaves)

    def hessian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the Hessian."""
        first = _first(bound)
        if mode == "eager":
            if any(a.size == 0 for a in bound.inputs.arrays):  # torch.autograd.functional cannot stack no rows
                return lambda leaves: _flattened(torch.func.hessian(first)(list(leaves)), len(leaves))
            return lambda leaves: _flattened(functional.hessian(_positional_scalar(bound), tuple(leaves)), len(leaves))
        if mode == "forward":
            return lambda leaves: _flattened(torch.func.jacfwd(torch.func.jacfwd(first))(list(leaves)), len(leaves))
        return _compiled_transform(lambda leaves: _flattened(torch.func.hessian(first)(leaves), len(leaves)), bound)

    def hvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the Hessian times a tangent."""
        if mode == "eager":
            return lambda leaves, tangents: _listed(
                functional.hvp(_positional_scalar(bound), tuple(leaves), tuple(tangents))[1]
            )
        first = _first(bound)
        inner = torch.func.jacfwd(first) if mode == "forward" else torch.func.grad(first)
        kernel = lambda leaves, tangents: torch.func.jvp(inner, (list(leaves),), (list(tangents),))[1]  # noqa: E731
        return _compiled_transform(kernel, bound) if mode == "compile" else kernel

    def with_rule(self, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
        """Return a `torch.autograd.Function` of `f` whose backward is altered."""
        return with_rule(self, f, alter)

    def checkers(self, order: int = 1) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
        """Return `torch.autograd.gradcheck` in slow and in fast mode, or `gradgradcheck` for second derivatives."""
        return checkers(order)

    def unsupported(self, error: Exception, operator: Operator) -> str | None:
        """Return torch's reason where it says that it has no such derivative."""
        reason = first_line(error)
        if isinstance(error, NotImplementedError) or any(sign in str(error) for sign in _REASONS):
            return reason
        if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            return reason
        return None

    def missing(self, mode: str) -> str | None:
        """Name the C++ compiler that ``compile`` needs, where there is none."""
        if mode != "compile":
            return None
        candidates = [os.environ.get("CXX", ""), "g++", "clang++", "c++"]
        return None if any(c and shutil.which(c) for c in candidates) else "a C++ compiler (set CXX or install g++)"

    def devices(self) -> tuple[str, ...]:
        """Return ``cpu`` and the names of the GPUs."""
        return ("cpu", *(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())))

    def flags(self) -> Mapping[str, str]:
        """Return what torch's precision and determinism are set to."""
        return {
            "default dtype": str(torch.get_default_dtype()).removeprefix("torch."),
            "float32 matmul precision": torch.get_float32_matmul_precision(),
            "deterministic algorithms": str(torch.are_deterministic_algorithms_enabled()),
        }


_REASONS = (
    "is not implemented",
    "not implemented for '",
    "Low precision dtypes not supported",
    "does not support it because it has not been implemented",
    "does not support double backward",
    "trying to differentiate twice",
    "once_differentiable",
    "setup_context staticmethod",
    "vmap over torch.autograd.Function",
    "does not have a jvp",
    "You are attempting to call Tensor.item()",
    "Implement forward mode",
    "Expected all outputs to be real",
    "randomness error mode",
    "vmap: It looks like you're",
    "vmap: we do not yet support",
    "does not yet have a batching rule",
    "Cannot access data pointer of Tensor that doesn't have storage",
    "don't support automatic differentiation",
    "Double backward is unsupported",
)


def _load_forward_rules() -> None:
    """Load torch's forward-mode rules, whose first use warns of torch's own deprecations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("torch._decomp.decompositions_for_jvp")


def _backward(
    forward: Kernel, bound: Bound, leaves: Tensors, cotangents: Tensors | None
) -> list[torch.Tensor | Measured]:
    """Run the function on the tape and go back once; what gets no gradient gets zeros and a note."""
    recorded = _recorded(leaves)
    outputs = forward(recorded)
    seeds = [torch.ones_like(o) for o in outputs] if cotangents is None else list(cotangents)
    reached = [(o, s) for o, s in zip(outputs, seeds, strict=True) if o.requires_grad]
    slopes: Sequence[torch.Tensor | None] = [None] * len(leaves)
    if reached:
        heads, weights = zip(*reached, strict=True)
        slopes = _pulled_back(heads, recorded, weights)
    return [
        without_gradient(like, label) if slope is None else slope
        for slope, like, label in zip(slopes, bound.inputs.arrays, bound.inputs.labels, strict=True)
    ]


def _recorded(leaves: Tensors) -> list[torch.Tensor]:
    return [leaf.detach().requires_grad_() for leaf in leaves]


def _pulled_back(heads: Tensors, leaves: Tensors, weights: Tensors | None = None) -> Sequence[torch.Tensor | None]:
    with warnings.catch_warnings(action="ignore"):  # inductor compiles a backward when it is first needed
        return torch.autograd.grad(heads, leaves, weights, allow_unused=True)


def _jacobian_by_rows(forward: Kernel, leaves: Tensors) -> list[torch.Tensor]:
    """Go back once for each output element, each time through a new run: a compiled graph may free its buffers."""
    blocks = []
    for k, output in enumerate(_rerun(forward, _recorded(leaves))):
        rows = [_row(forward, leaves, k, i) for i in range(output.numel())]
        for leaf, column in zip(leaves, zip(*rows, strict=True) if rows else [()] * len(leaves), strict=True):
            stacked = torch.stack(column) if column else leaf.new_zeros(0)
            blocks.append(stacked.reshape(output.shape + leaf.shape))
    return blocks


def _row(forward: Kernel, leaves: Tensors, output: int, element: int) -> list[torch.Tensor]:
    """Return the gradients of one element of one output."""
    recorded = _recorded(leaves)
    head = _rerun(forward, recorded)[output].reshape(-1)[element]
    slopes = _pulled_back([head], recorded) if head.requires_grad else [None] * len(leaves)
    return [torch.zeros_like(a) if slope is None else slope for slope, a in zip(slopes, leaves, strict=True)]


def _rerun(forward: Kernel, leaves: Tensors) -> Sequence[torch.Tensor]:
    """Run a function that may draw random numbers so that the next run draws the same ones."""
    with torch.random.fork_rng(devices=[]):
        return forward(leaves)


def _jacobian_with_gaps(bound: Bound, leaves: Tensors) -> list[torch.Tensor]:
    """Leave out the outputs without elements, whose rows torch cannot stack."""
    outputs = bound(leaves)
    kept = [i for i, output in enumerate(outputs) if output.numel()]
    rows = iter(
        _flattened(functional.jacobian(lambda *ls: tuple(bound(ls)[i] for i in kept), tuple(leaves)), len(leaves))
        if kept
        else []
    )
    return [
        next(rows) if output.numel() else output.new_zeros((*output.shape, *leaf.shape))
        for output in outputs
        for leaf in leaves
    ]


def _first(bound: Bound) -> Callable[[Tensors], torch.Tensor]:
    return lambda leaves: bound(leaves)[0]


def _positional(bound: Bound) -> Callable[..., tuple[torch.Tensor, ...]]:
    return lambda *leaves: tuple(bound(leaves))


def _positional_scalar(bound: Bound) -> Callable[..., torch.Tensor]:
    return lambda *leaves: bound(leaves)[0]


def _listed(result: Any) -> list[torch.Tensor]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _flattened(blocks: Any, count: int) -> list[torch.Tensor]:
    """Flatten nested tuples of blocks, rows outermost; torch drops the nesting of single ones."""
    rows = _listed(blocks)
    nested = [_listed(row) for row in rows] if isinstance(rows[0], (tuple, list)) else [rows]
    if any(len(row) != count for row in nested):
        raise UnsupportedError(f"torch returned {[len(r) for r in nested]} Jacobian blocks; wanted {count} a row")
    return [block for row in nested for block in row]


def _compiled(kernel: Callable[..., Any], bound: Bound) -> Kernel:
    """Compile a kernel; fullgraph, so that nothing falls back to eager in silence."""
    # torch counts recompilations by code object and gives up at a limit: each kernel gets its own
    kernel.__code__ = kernel.__code__.replace()
    # and its own shapes: dynamo would make dynamic what differs between kernels made at one line of code
    compiled = torch.compile(kernel, fullgraph=True, dynamic=False)

    def run(*groups: Tensors) -> Any:
        if bound.outputs is None:  # an eager call first: what is looked up once need not be traced
            _rerun(bound, groups[0])
        with warnings.catch_warnings(action="ignore"):  # inductor and dynamo warn of their own internals
            return compiled(*[list(group) for group in groups])

    return run


def _compiled_forward(bound: Bound) -> Kernel:
    """Compile the function alone; a backward pass through it is compiled by AOTAutograd, as in training."""
    return _compiled(lambda leaves: bound(leaves), bound)


def _compiled_transform(kernel: Callable[..., Any], bound: Bound) -> Kernel:
    """Compile a kernel of `torch.func`, and refuse native functions whose own backward it would not run."""
    compiled = _compiled(kernel, bound)
    if bound.backend not in bound.function.native:
        return compiled

    def run(*groups: Tensors) -> Any:
        if _has_custom_backward(_rerun(bound, _recorded(groups[0]))):
            raise UnsupportedError(_NOT_RUN)
        return compiled(*groups)

    return run


_NOT_RUN = (
    "torch.compile traces the forward of a torch.autograd.Function under torch.func: its backward would not be run"
)


def _has_custom_backward(outputs: Tensors) -> bool:
    """Whether a `torch.autograd.Function` is in the graph; those of `torch.library` are never traced into."""
    waiting = [output.grad_fn for output in outputs]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        if isinstance(node, BackwardCFunction) and not type(node).__name__.startswith(_OF_LIBRARY):
            return True
        seen.add(node)
        waiting += [following for following, _ in node.next_functions]
    return False


_OF_LIBRARY = "GeneratedBackwardFor_"
