"""The samples of PyTorch's operator database, which its own tests are run on, as cases.

A sample is a call of an operator. The floating tensors that its author wants differentiated are the inputs
of a case; everything else in the call stays as it is. `gradcheck_wrapper` and `output_process_fn_grad` of
the database are part of the function, since without them a sample may not be differentiable at all: the
Cholesky factor, for one, is that of a symmetric matrix only.
"""

from __future__ import annotations

import random
import unittest
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from inspect import getclosurevars
from itertools import islice
from typing import Any, ClassVar

import numpy as np
import optree
import torch

from gradcheck.cases import Case
from gradcheck.errors import MissingBackendError, first_line
from gradcheck.functions import Function
from gradcheck.operators import Operator
from gradcheck.sources import Drawing, Drawn, Entry, Source
from gradcheck_torch.calls import Call, flat
from gradcheck_torch.counterparts import counterparts

SEEN = 60
"""How many samples of an operator are looked at, to choose from."""
SMALL = 64
"""The number of input elements above which a sample is taken only where there is no smaller one."""
LOW_PRECISION = (torch.float16, torch.bfloat16, torch.complex32)
"""What outputs cannot be in to be held against differences of double precision."""
OPERATORS = (Operator.VJP, Operator.JVP)
"""What is checked: backward and forward mode, of any shape, real or complex."""
LABELLED = ("nn.functional.cosine_embedding_loss", "nn.functional.hinge_embedding_loss")
"""Losses whose last tensor holds labels of 1 and -1: nothing to differentiate, whatever the sample says."""
TESTS = (
    ("TestBwdGradients", "test_fn_grad"),
    ("TestBwdGradients", "test_fn_gradgrad"),  # jvp on the tape is a double backward pass
    ("TestFwdGradients", "test_forward_mode_AD"),
)
"""PyTorch's own tests of what is checked here."""

OpInfo = Any
SampleInput = Any


class OpInfoSource(Source):
    """PyTorch's operator database, `torch.testing._internal.common_methods_invocations.op_db`."""

    name = "torch-opinfo"
    engines: ClassVar = ("torch", "torch:forward", "jax")

    def entries(self) -> Sequence[Entry]:
        """Return an entry for each operator, and for each of its variants.

        Raises
        ------
        MissingBackendError
            If the package expecttest is not installed, which PyTorch's tests need.
        """
        return [entry_of(op) for op in _database()]


@cache
def _database() -> Sequence[OpInfo]:
    try:
        with warnings.catch_warnings(action="ignore"):
            from torch.testing._internal.common_methods_invocations import op_db
    except ModuleNotFoundError as error:
        raise MissingBackendError(
            f"PyTorch's operator database needs {error.name}, which is not installed; "
            "try: pip install 'gradcheck[opinfo]'"
        ) from error
    return tuple(op_db)


def entry_of(op: OpInfo) -> Entry:
    """Return the entry of an operator: how its cases are drawn, or why it has none."""
    dtype = _dtype(op)
    obstacle = ""
    if not op.supports_autograd:
        obstacle = "has no autograd"
    elif dtype is None:
        obstacle = "has no autograd in double precision on the CPU"

    def draw(drawing: Drawing) -> Drawn:
        assert dtype is not None  # an obstacle otherwise, and nothing is drawn
        return _drawn(op, dtype, drawing)

    return Entry(op.formatted_name, draw, obstacle, _upstream(op, dtype), (op.name,))


def _dtype(op: OpInfo) -> torch.dtype | None:
    """Return the dtype to draw samples in: complex where the operator takes nothing else."""
    able = op.supported_backward_dtypes("cpu") if op.supports_autograd else ()
    return next((dtype for dtype in (torch.float64, torch.complex128) if dtype in able), None)


def _upstream(op: OpInfo, dtype: torch.dtype | None) -> str:
    """Return which of PyTorch's own tests leave the operator out, and the reasons they give."""
    told = []
    of_tests = [d for d in op.decorators if hasattr(d, "is_active")]  # others are for every test: tolerances, LAPACK
    for group, test in TESTS:
        active = [d for d in of_tests if d.is_active(group, test, "cpu", dtype, {})]
        reasons = [_skips(decorator) for d in active for decorator in d.decorators]
        told += [f"{test}{reason}" for reason in reasons if reason is not None]
    return "also skipped upstream: " + ", ".join(dict.fromkeys(told)) if told else ""


def _skips(decorator: Any) -> str | None:
    """Return the reason of a decorator that skips a test or expects it to fail; None if it does neither."""
    if decorator is unittest.expectedFailure:
        return " (expected to fail)"
    if getattr(decorator, "__qualname__", "").startswith("skip.<locals>"):
        reason = str(getclosurevars(decorator).nonlocals.get("reason", "")).strip()
        return f" ({reason})" if reason and reason != "Skipped!" else ""
    return None


# -- samples ------------------------------------------------------------------------------------


@contextmanager
def _seeded(op: OpInfo, seed: int) -> Iterator[None]:
    """Let random samples be the same every time, and leave the random states as they were."""
    before, ours = random.getstate(), np.random.get_state()
    number = zlib.crc32(f"{op.formatted_name} {seed}".encode())
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(number)
            random.seed(number)
            np.random.seed(number)
            yield
    finally:
        random.setstate(before)
        np.random.set_state(ours)


def _drawn(op: OpInfo, dtype: torch.dtype, drawing: Drawing) -> Drawn:
    """Make cases of the first samples that differ in more than their numbers, small ones before large ones."""
    if drawing.dtype is not None:
        dtype = getattr(torch, drawing.dtype)
    cases: list[Case] = []
    left_out: list[str] = []
    with _seeded(op, drawing.seed):
        for number, sample in _preferred(op, dtype):
            if len(cases) == drawing.samples:
                break
            try:
                cases.append(_case(op, f"sample {number}", _call(op, sample, dtype)))
            except _UnfitError as error:
                left_out.append(str(error))
    return Drawn(tuple(cases), tuple(left_out) or (() if cases else ("has no samples",)))


class _UnfitError(Exception):
    """A sample that cannot be checked; the message is the reason."""


def _preferred(op: OpInfo, dtype: torch.dtype) -> list[tuple[int, SampleInput]]:
    """Return the first samples of an operator with their numbers, each of a kind once, the best ones first."""
    with warnings.catch_warnings(action="ignore"):
        # the database would seed every sample itself, always alike
        samples = list(islice(op.sample_inputs("cpu", dtype, requires_grad=True, set_seed=False), SEEN))
    found: dict[Any, tuple[int, SampleInput]] = {}
    for numbered in enumerate(samples):
        found.setdefault(_kind(numbered[1]), numbered)
    return sorted(found.values(), key=lambda numbered: _burden(numbered[1]))


def _leaves(sample: SampleInput) -> list[Any]:
    return flat((sample.input, sample.args, sample.kwargs))


def _kind(sample: SampleInput) -> tuple[Any, ...]:
    """Return what tells samples apart: shapes, dtypes and constants, not the numbers in tensors."""
    leaves = _leaves(sample)
    return tuple((tuple(a.shape), a.dtype, a.requires_grad) if isinstance(a, torch.Tensor) else repr(a) for a in leaves)


def _burden(sample: SampleInput) -> tuple[bool, int]:
    """Rank a sample: those with elements first, then the small ones in their own order, then by size."""
    size = sum(a.numel() for a in _leaves(sample) if _differentiated(a))
    return size == 0, size if size > SMALL else 0


def _differentiated(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.requires_grad


# -- one call -----------------------------------------------------------------------------------


def _call(op: OpInfo, sample: SampleInput, dtype: torch.dtype) -> Call:
    """Make a call of a sample, after a trial.

    Raises
    ------
    _UnfitError
        If it cannot be checked.
    """
    tree: Any = (sample.input, sample.args, sample.kwargs)
    leaves, structure = optree.tree_flatten(tree, none_is_leaf=True)
    for leaf in leaves:
        _refuse_layout(leaf, "a sample")
    active = tuple(i for i, leaf in enumerate(leaves) if _differentiated(leaf))
    if op.name in LABELLED:
        active = active[:-1]
    if not active:
        raise _UnfitError("a sample has nothing to differentiate")
    detached = tuple(a.detach() if isinstance(a, torch.Tensor) else a for a in leaves)
    template = optree.tree_unflatten(structure, range(len(leaves)))
    reads_memory = op.name.startswith("as_strided")  # of tensors in another layout it gives something else
    call = Call(_wrapped(op), sample.output_process_fn_grad, template, detached, active, dtype, copied=reads_memory)
    return _tried(call)


def _wrapped(op: OpInfo) -> Callable[..., Any]:
    """Return the operator with the database's wrapper around it, which most operators do without."""
    operator: Callable[..., Any] = op.get_op()
    if _bare(op):
        return operator
    return lambda *args, **kwargs: op.gradcheck_wrapper(operator, *args, **kwargs)


def _bare(op: OpInfo) -> bool:
    """Whether the database has no wrapper for it: the one that all operators have by default does nothing."""
    return op.gradcheck_wrapper is type(op).gradcheck_wrapper


def _refuse_layout(leaf: Any, what: str) -> None:
    if isinstance(leaf, torch.Tensor) and (leaf.layout != torch.strided or leaf.is_nested):
        layout = "nested" if leaf.is_nested else str(leaf.layout).removeprefix("torch.")
        raise _UnfitError(f"{what} is not a dense tensor: {layout}")


def _tried(call: Call) -> Call:
    """Call it on the sample's own tensors and on copies, to see that both work alike and what can be differentiated."""
    arrays, own = call.arrays, [call.leaves[i] for i in call.active]
    if not all(np.isfinite(array).all() for array in arrays):
        raise _UnfitError("a sample has an input that is not finite")
    before = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in call.leaves]
    wanted = _outputs(call, own, "raises in torch itself")
    copied = call.copied or not all(map(_same, before, call.leaves))
    for i, array in zip(call.active, arrays, strict=True):
        before[i] = torch.from_numpy(array)
    call = replace(call, leaves=tuple(before), copied=copied)
    recorded = [torch.from_numpy(array).requires_grad_() for array in call.arrays]
    outputs = _outputs(call, recorded, "raises where it is recorded on copies")
    if len(wanted) != len(outputs) or not all(map(_same, wanted, outputs)):
        raise _UnfitError("a sample depends on how its tensors lie in memory")
    return replace(call, kept=_differentiable(outputs))


def _outputs(call: Call, tensors: Sequence[torch.Tensor], failure: str) -> list[Any]:
    try:
        with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=[]):
            return flat(call(*tensors))
    except Exception as error:
        raise _UnfitError(f"{failure}: {first_line(error)}") from error


def _same(one: Any, other: Any) -> bool:
    """Whether two dense tensors are equal up to rounding; of anything else nothing is said."""
    if not all(isinstance(a, torch.Tensor) and a.layout == torch.strided for a in (one, other)):
        return True
    return one.shape == other.shape and torch.allclose(one.detach(), other.detach(), equal_nan=True)


def _differentiable(outputs: Sequence[Any]) -> tuple[int, ...]:
    """Return which outputs require a gradient; the database's authors declare no others differentiable."""
    found = tuple(i for i, output in enumerate(outputs) if _differentiated(output))
    if not found:
        kinds = {str(o.dtype) if isinstance(o, torch.Tensor) else type(o).__name__ for o in outputs}
        raise _UnfitError(f"no output can be differentiated: {', '.join(sorted(kinds))}")
    for output in (outputs[i] for i in found):
        _refuse_layout(output, "an output")
        if output.dtype in LOW_PRECISION:
            raise _UnfitError(f"an output has low precision: {output.dtype}")
        if output.isnan().any():
            raise _UnfitError("a sample's output is NaN")
    return found


def _case(op: OpInfo, point: str, call: Call) -> Case:
    native: dict[str, Callable[..., Any]] = {"torch": call}
    if _bare(op):
        outputs = _outputs(call, [torch.from_numpy(array) for array in call.arrays], "raises in torch itself")
        native |= counterparts(op, call, outputs)
    function = Function(op.formatted_name, call.labels, native=native, domain=_domain(op, call))
    return Case(
        op.formatted_name,
        function,
        lambda rng: {point: call.arrays},
        OPERATORS,
        source=f"PyTorch's operator database, {op.name}",
        module=__name__,
    )


def _domain(op: OpInfo, call: Call) -> dict[str, tuple[float, float]]:
    """Return where the database says that an elementwise function is defined, if the sample keeps to it."""
    low, high = getattr(op, "domain", (None, None))
    limits = (-np.inf if low is None else float(low), np.inf if high is None else float(high))
    inside = all(
        ((array >= limits[0]) & (array <= limits[1])).all() for array in call.arrays if array.dtype.kind == "f"
    )
    return {"input": limits} if inside and call.labels == ("input",) else {}
