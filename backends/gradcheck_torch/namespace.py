"""PyTorch as the namespace of portable functions: autoray's translations and what they lack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from gradcheck.functions import Array
from gradcheck.namespaces.library import LibraryNamespace, flat

Axis = int | tuple[int, ...] | None


def tensor_of(array: Array) -> torch.Tensor:
    """Return a tensor with its own memory."""
    if array.dtype.name == "bfloat16":  # torch does not know ml_dtypes
        return torch.from_numpy(np.array(array, np.float32)).to(torch.bfloat16)
    return torch.from_numpy(np.array(array))


class TorchNamespace(LibraryNamespace):
    """NumPy's vocabulary on torch tensors."""

    library = "torch"
    renamed: ClassVar[Mapping[str, str]] = {
        **{f"linalg.{name}": f"torch.linalg.{name}" for name in ("eigh", "eigvalsh", "qr", "pinv")},
        "linalg.expm": "torch.linalg.matrix_exp",
        **{
            f"special.{name}": f"torch.special.{name}"
            for name in (
                "erf", "erfc", "gammaln", "digamma", "expit", "logit", "ndtr", "erfinv", "ndtri", "log_ndtr", "erfcx",
                "entr", "polygamma", "i0", "i0e", "i1", "i1e",
            )
        },
    }  # fmt: skip
    lacking = (
        "special.betainc", "special.exp1", "special.expi", "special.dawsn", "special.spence",
        "special.j0", "special.j1",  # torch has these two, but their derivatives are 0 in silence
    )  # fmt: skip

    def from_numpy(self, array: Array) -> torch.Tensor:
        """Return a tensor with its own memory."""
        return tensor_of(array)

    def is_array(self, value: Any) -> bool:
        """Whether `value` is a tensor."""
        return isinstance(value, torch.Tensor)

    # -- creation: torch's own, since torch.compile cannot follow NumPy's ----------------------

    def asarray(self, value: Any, dtype: type | None = None) -> torch.Tensor:
        """Convert a constant; floating ones get the namespace's dtype unless `dtype` is int or bool."""
        if isinstance(value, np.ndarray) and torch.compiler.is_compiling():
            return self._traced(torch.as_tensor(value), dtype)
        if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
            converted: torch.Tensor = super().asarray(value, dtype)
            return converted
        kind = dtype or _widest([type(item) for item in flat(value)])
        return torch.tensor(value, dtype=self._torch_dtype(kind))

    def _traced(self, tensor: torch.Tensor, dtype: type | None) -> torch.Tensor:
        """Give a NumPy array, which dynamo traces as a tensor, the dtype that `asarray` would give it."""
        kind = dtype or (complex if tensor.is_complex() else float if tensor.is_floating_point() else None)
        return tensor if kind is None else tensor.to(self._torch_dtype(kind))

    def zeros(self, shape: Any, dtype: type | None = None) -> torch.Tensor:
        """Zeros of a shape."""
        return torch.zeros(shape, dtype=self._torch_dtype(dtype or float))

    def ones(self, shape: Any, dtype: type | None = None) -> torch.Tensor:
        """Ones of a shape."""
        return torch.ones(shape, dtype=self._torch_dtype(dtype or float))

    def full(self, shape: Any, fill_value: float, dtype: type | None = None) -> torch.Tensor:
        """One number, repeated to a shape."""
        size = (shape,) if isinstance(shape, int) else tuple(shape)
        return torch.full(size, fill_value, dtype=self._torch_dtype(dtype or type(fill_value)))

    def eye(self, n: int, m: int | None = None, k: int = 0) -> torch.Tensor:
        """The identity, or ones on a diagonal."""
        rows = [[float(j == i + k) for j in range(n if m is None else m)] for i in range(n)]
        return torch.tensor(rows, dtype=self._torch_dtype(float)).reshape(n, n if m is None else m)

    def arange(self, *limits: float, dtype: type | None = None) -> torch.Tensor:
        """Evenly spaced numbers from start to stop by step; of integers, integers."""
        return torch.arange(*limits, dtype=self._torch_dtype(dtype or _widest([type(x) for x in limits])))

    def linspace(self, start: float, stop: float, num: int = 50) -> torch.Tensor:
        """`num` evenly spaced numbers, both ends included, by NumPy's formula."""
        step = (stop - start) / (num - 1) if num > 1 else 0.0
        points = [start + i * step for i in range(num - 1)] + [stop if num > 1 else start]
        return torch.tensor(points[:num], dtype=self._torch_dtype(float))

    def _torch_dtype(self, kind: type) -> torch.dtype:
        real: torch.dtype = getattr(torch, self.dtype.name)
        return {
            bool: torch.bool,
            int: torch.int64,
            float: real,
            complex: torch.complex128 if self.dtype.itemsize == 8 else torch.complex64,
        }[kind]

    def _both(self, *operands: Any) -> list[torch.Tensor]:
        """Make tensors of one dtype of operands, some of which are Python numbers."""
        tensors = [o for o in operands if isinstance(o, torch.Tensor)]
        made = [o if isinstance(o, torch.Tensor) else self._like(o, tensors) for o in operands]
        dtype = made[0].dtype
        for tensor in made[1:]:
            dtype = torch.promote_types(dtype, tensor.dtype)
        return [t.to(dtype) for t in made]

    def _like(self, operand: Any, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        tensor: torch.Tensor = self.asarray(operand)
        floating = [t for t in tensors if t.is_floating_point() or t.is_complex()]
        return tensor.to(floating[0].dtype) if floating and tensor.ndim == 0 else tensor

    # -- elementwise --------------------------------------------------------------------------

    @staticmethod
    def _binary(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        """Let a function of two tensors take Python numbers as well."""

        def call(self: TorchNamespace, a: Any, b: Any) -> torch.Tensor:
            return function(*self._both(a, b))

        call.__doc__ = function.__doc__
        return call

    add = _binary(torch.add)
    subtract = _binary(torch.subtract)
    multiply = _binary(torch.multiply)
    divide = _binary(torch.true_divide)
    power = _binary(torch.pow)
    maximum = _binary(torch.maximum)
    minimum = _binary(torch.minimum)
    arctan2 = _binary(torch.arctan2)
    hypot = _binary(torch.hypot)
    logaddexp = _binary(torch.logaddexp)
    special_xlogy = _binary(torch.special.xlogy)
    special_xlog1py = _binary(torch.special.xlog1py)
    special_gammainc = _binary(torch.special.gammainc)
    special_gammaincc = _binary(torch.special.gammaincc)
    special_zeta = _binary(torch.special.zeta)
    greater = _binary(torch.greater)
    greater_equal = _binary(torch.greater_equal)
    less = _binary(torch.less)
    less_equal = _binary(torch.less_equal)
    equal = _binary(torch.eq)
    not_equal = _binary(torch.not_equal)
    logical_and = _binary(torch.logical_and)
    logical_or = _binary(torch.logical_or)

    def where(self, condition: Any, x: Any, y: Any) -> torch.Tensor:
        """Choose elements by a condition."""
        first, second = self._both(x, y)
        return torch.where(condition, first, second)

    def clip(self, x: torch.Tensor, low: Any, high: Any) -> torch.Tensor:
        """Limit elements to an interval."""
        low, high = (
            bound if bound is None or isinstance(bound, (int, float)) else self._both(x, bound)[1]
            for bound in (low, high)
        )
        if isinstance(low, torch.Tensor) != isinstance(high, torch.Tensor):  # torch wants two of a kind
            low, high = (b if b is None else self._both(x, b)[1] for b in (low, high))
        return torch.clip(x, low, high)

    def cbrt(self, x: torch.Tensor) -> torch.Tensor:
        """Real cube root, which torch does not have."""
        return torch.sign(x) * torch.abs(x) ** (1 / 3)

    def real(self, x: torch.Tensor) -> torch.Tensor:
        """Real part."""
        return torch.real(x) if x.is_complex() else x

    def imag(self, x: torch.Tensor) -> torch.Tensor:
        """Imaginary part."""
        return torch.imag(x) if x.is_complex() else torch.zeros_like(x)

    def conj(self, x: torch.Tensor) -> torch.Tensor:
        """Complex conjugate."""
        return torch.conj(x).resolve_conj()

    # -- reductions ---------------------------------------------------------------------------

    def sum(self, x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """Sum over axes."""
        return torch.sum(x, dim=_axes(x, axis), keepdim=keepdims) if x.ndim else x

    def mean(self, x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """Mean over axes."""
        return torch.mean(x, dim=_axes(x, axis), keepdim=keepdims)

    def prod(self, x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """Product over axes, one after the other: torch takes only one."""
        for dim in sorted(_axes(x, axis), reverse=True):
            x = torch.prod(x, dim=dim, keepdim=keepdims)
        return x

    def var(self, x: torch.Tensor, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> torch.Tensor:
        """Variance; torch divides by n - 1 by default, NumPy by n."""
        return torch.var(x, dim=_axes(x, axis), correction=ddof, keepdim=keepdims)

    def std(self, x: torch.Tensor, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> torch.Tensor:
        """Standard deviation, as `var`."""
        return torch.std(x, dim=_axes(x, axis), correction=ddof, keepdim=keepdims)

    def max(self, x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """Maximum over axes."""
        return torch.amax(x, dim=_axes(x, axis), keepdim=keepdims)

    def min(self, x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """Minimum over axes."""
        return torch.amin(x, dim=_axes(x, axis), keepdim=keepdims)

    def median(self, x: torch.Tensor, axis: int | None = None, keepdims: bool = False) -> torch.Tensor:
        """Median; torch's own takes the lower of the two middle elements, NumPy their mean."""
        if axis is None:
            flat = self.median(x.reshape(-1), 0)
            return flat.reshape((1,) * x.ndim) if keepdims else flat
        ordered = torch.sort(x, dim=axis).values
        n = x.shape[axis]
        middle = (ordered.select(axis, (n - 1) // 2) + ordered.select(axis, n // 2)) / 2
        return middle.unsqueeze(axis) if keepdims else middle

    def cumsum(self, x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
        """Cumulative sum."""
        return torch.cumsum(x.reshape(-1), 0) if axis is None else torch.cumsum(x, axis)

    def cumprod(self, x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
        """Cumulative product."""
        return torch.cumprod(x.reshape(-1), 0) if axis is None else torch.cumprod(x, axis)

    def quantile(self, x: torch.Tensor, q: Any, axis: int | None = None, keepdims: bool = False) -> torch.Tensor:
        """Quantile, or those of a list along a new first axis."""
        q = q if isinstance(q, float) else self.asarray(q).to(x.dtype)
        return torch.quantile(x, q, dim=axis, keepdim=keepdims)

    def argmax(self, x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
        """Index of the maximum."""
        return torch.argmax(x, dim=axis)

    def argmin(self, x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
        """Index of the minimum."""
        return torch.argmin(x, dim=axis)

    # -- shapes and indexing ------------------------------------------------------------------

    def transpose(self, x: torch.Tensor, axes: Sequence[int] | None = None) -> torch.Tensor:
        """Permute axes; by default reverse them."""
        return torch.permute(x, tuple(axes) if axes is not None else tuple(range(x.ndim))[::-1])

    def swapaxes(self, x: torch.Tensor, axis1: int, axis2: int) -> torch.Tensor:
        """Exchange two axes."""
        return torch.swapaxes(x, axis1, axis2)

    def moveaxis(self, x: torch.Tensor, source: Any, destination: Any) -> torch.Tensor:
        """Move axes."""
        return torch.movedim(x, source, destination)

    def concatenate(self, arrays: Sequence[Any], axis: int | None = 0) -> torch.Tensor:
        """Join along an axis."""
        tensors = self._both(*arrays)
        if axis is None:
            return torch.cat([t.reshape(-1) for t in tensors])
        return torch.cat(tensors, dim=axis)

    def stack(self, arrays: Sequence[Any], axis: int = 0) -> torch.Tensor:
        """Join along a new axis."""
        return torch.stack(self._both(*arrays), dim=axis)

    def expand_dims(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        """Insert an axis of length 1."""
        return torch.unsqueeze(x, axis)

    def squeeze(self, x: torch.Tensor, axis: int | tuple[int, ...] | None = None) -> torch.Tensor:
        """Remove axes of length 1."""
        return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)

    def reshape(self, x: torch.Tensor, shape: Any) -> torch.Tensor:
        """Give another shape."""
        return torch.reshape(x, (shape,) if isinstance(shape, int) else tuple(shape))

    def ravel(self, x: torch.Tensor) -> torch.Tensor:
        """Flatten."""
        return torch.reshape(x, (-1,))

    def broadcast_to(self, x: Any, shape: Any) -> torch.Tensor:
        """Repeat to a shape without copying."""
        return torch.broadcast_to(self.asarray(x), (shape,) if isinstance(shape, int) else tuple(shape))

    def flip(self, x: torch.Tensor, axis: Axis = None) -> torch.Tensor:
        """Reverse the order along axes."""
        return torch.flip(x, _axes(x, axis))

    def roll(self, x: torch.Tensor, shift: Any, axis: Any = None) -> torch.Tensor:
        """Shift elements cyclically."""
        return torch.roll(x, shift, axis)

    def tile(self, x: torch.Tensor, reps: Any) -> torch.Tensor:
        """Repeat the whole array."""
        return torch.tile(x, (reps,) if isinstance(reps, int) else tuple(reps))

    def repeat(self, x: torch.Tensor, repeats: Any, axis: int | None = None) -> torch.Tensor:
        """Repeat each element."""
        if not isinstance(repeats, int):
            repeats = torch.as_tensor(repeats)
        return torch.repeat_interleave(x, repeats, dim=axis)

    def pad(
        self, x: torch.Tensor, pad_width: Any, mode: str = "constant", constant_values: float = 0.0
    ) -> torch.Tensor:
        """Extend at the edges; torch pads only the last axes in other modes, so those are indexed."""
        widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
        if mode == "constant":
            flat = [int(w) for pair in widths[::-1] for w in pair]
            return torch.nn.functional.pad(x, flat, value=constant_values)
        for axis, (before, after) in enumerate(widths):
            positions = np.pad(np.arange(x.shape[axis]), (int(before), int(after)), mode=mode)  # type: ignore[call-overload]
            x = torch.index_select(x, axis, torch.from_numpy(positions))
        return x

    def take(self, x: torch.Tensor, indices: Any, axis: int | None = None) -> torch.Tensor:
        """Take elements by index along an axis."""
        index = torch.as_tensor(indices)
        if axis is None:
            x, axis = x.reshape(-1), 0
        axis %= x.ndim
        taken = torch.index_select(x, axis, index.reshape(-1) % x.shape[axis])
        return taken.reshape(x.shape[:axis] + index.shape + x.shape[axis + 1 :])

    def take_along_axis(self, x: torch.Tensor, indices: Any, axis: int) -> torch.Tensor:
        """Take one element of each line along an axis."""
        return torch.take_along_dim(x, torch.as_tensor(indices), dim=axis)

    def sort(self, x: torch.Tensor, axis: int = -1) -> torch.Tensor:
        """Sort along an axis."""
        return torch.sort(x, dim=axis).values

    def argsort(self, x: torch.Tensor, axis: int = -1) -> torch.Tensor:
        """Indices that sort along an axis."""
        return torch.argsort(x, dim=axis)

    def diff(self, x: torch.Tensor, n: int = 1, axis: int = -1) -> torch.Tensor:
        """Differences of neighbours."""
        return torch.diff(x, n=n, dim=axis)

    def diag(self, x: torch.Tensor, k: int = 0) -> torch.Tensor:
        """The diagonal of a matrix, or a matrix with that diagonal."""
        return torch.diag(x, k)

    def diagonal(self, x: torch.Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> torch.Tensor:
        """The diagonal over two axes, put last."""
        return torch.diagonal(x, offset, axis1, axis2)

    def trace(self, x: torch.Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> torch.Tensor:
        """The sum of the diagonal over two axes."""
        return torch.sum(torch.diagonal(x, offset, axis1, axis2), dim=-1)

    # -- linear algebra -----------------------------------------------------------------------

    def dot(self, a: Any, b: Any) -> torch.Tensor:
        """NumPy's dot: the last axis of `a` with the last but one of `b`."""
        a, b = self._both(a, b)
        if a.ndim == 0 or b.ndim == 0:
            product: torch.Tensor = a * b
            return product
        return self.tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]))

    def vdot(self, a: Any, b: Any) -> torch.Tensor:
        """Sum of products of all elements, the first conjugated."""
        a, b = self._both(a, b)
        return torch.vdot(a.reshape(-1), b.reshape(-1))

    def inner(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Sum over the last axes."""
        return torch.inner(*self._both(a, b))

    def outer(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """All products of two flattened arrays."""
        return torch.outer(a.reshape(-1), b.reshape(-1))

    def tensordot(self, a: torch.Tensor, b: torch.Tensor, axes: Any = 2) -> torch.Tensor:
        """Sum over pairs of axes."""
        if not isinstance(axes, int):
            axes = tuple([group] if isinstance(group, int) else list(group) for group in axes)
        result: torch.Tensor = torch.tensordot(a, b, dims=axes)
        return result

    def cross(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Cross product of 3-vectors along the last axis."""
        result: torch.Tensor = torch.linalg.cross(*self._both(a, b))
        return result

    def linalg_solve(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Solve a x = b; only a 1-d `b` is a vector, as in NumPy 2."""
        # torch takes a batch of vectors where the shapes allow it, NumPy a matrix
        right = (
            b.unsqueeze(-1) if b.ndim == 1 else b.expand(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + b.shape[-2:])
        )
        solution: torch.Tensor = torch.linalg.solve(a, right)
        return solution.squeeze(-1) if b.ndim == 1 else solution

    def linalg_solve_triangular(self, a: torch.Tensor, b: torch.Tensor, lower: bool = False) -> torch.Tensor:
        """Solve a x = b by one triangle of a; a 1-d `b` is a vector."""
        right = b.unsqueeze(-1) if b.ndim == 1 else b
        solution: torch.Tensor = torch.linalg.solve_triangular(a, right, upper=not lower)
        return solution.squeeze(-1) if b.ndim == 1 else solution

    def linalg_lstsq(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor]:
        """Least squares; a 1-d `b` is a vector."""
        solution: torch.Tensor = torch.linalg.lstsq(a, b.unsqueeze(-1) if b.ndim == 1 else b).solution
        return (solution.squeeze(-1) if b.ndim == 1 else solution,)

    def linalg_svd(self, a: torch.Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
        """Singular values, with or without their vectors."""
        return torch.linalg.svd(a, full_matrices=full_matrices) if compute_uv else torch.linalg.svdvals(a)

    def linalg_norm(self, x: torch.Tensor, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """Vector or matrix norm."""
        result: torch.Tensor = torch.linalg.norm(x, ord=ord, dim=axis, keepdim=keepdims)
        return result

    def linalg_matrix_power(self, x: torch.Tensor, n: int) -> torch.Tensor:
        """Integer power of a square matrix."""
        result: torch.Tensor = torch.linalg.matrix_power(x, n)
        return result

    # -- Fourier transforms -------------------------------------------------------------------

    def fft_fft(self, x: torch.Tensor, n: int | None = None, axis: int = -1) -> torch.Tensor:
        """Discrete Fourier transform along an axis."""
        result: torch.Tensor = torch.fft.fft(x, n, axis)
        return result

    def fft_ifft(self, x: torch.Tensor, n: int | None = None, axis: int = -1) -> torch.Tensor:
        """Its inverse."""
        result: torch.Tensor = torch.fft.ifft(x, n, axis)
        return result

    def fft_rfft(self, x: torch.Tensor, n: int | None = None, axis: int = -1) -> torch.Tensor:
        """The half of the transform of real numbers that says all."""
        result: torch.Tensor = torch.fft.rfft(x, n, axis)
        return result

    def fft_irfft(self, x: torch.Tensor, n: int | None = None, axis: int = -1) -> torch.Tensor:
        """Its inverse."""
        result: torch.Tensor = torch.fft.irfft(x, n, axis)
        return result

    # -- special functions --------------------------------------------------------------------

    def special_logsumexp(self, x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
        """log(sum(exp(x)))."""
        return torch.logsumexp(x, dim=_axes(x, axis), keepdim=keepdims)

    def special_softmax(self, x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
        """Softmax over an axis, or over all elements."""
        if axis is None:
            return torch.softmax(x.reshape(-1), 0).reshape(x.shape)
        return torch.softmax(x, axis)

    def special_log_softmax(self, x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
        """The logarithm of softmax."""
        if axis is None:
            return torch.log_softmax(x.reshape(-1), 0).reshape(x.shape)
        return torch.log_softmax(x, axis)

    def special_rel_entr(self, x: Any, y: Any) -> torch.Tensor:
        """Return x log(x / y)."""
        x, y = self._both(x, y)
        entropy: torch.Tensor = torch.special.xlogy(x, x / y)
        return entropy

    def special_kl_div(self, x: Any, y: Any) -> torch.Tensor:
        """Return x log(x / y) - x + y."""
        x, y = self._both(x, y)
        divergence: torch.Tensor = self.special_rel_entr(x, y) - x + y
        return divergence

    def special_gamma(self, x: Any) -> torch.Tensor:
        """Return the gamma function, which torch has as a logarithm only."""
        return _sign_of_gamma(x) * torch.exp(torch.special.gammaln(x))

    def special_betaln(self, a: Any, b: Any) -> torch.Tensor:
        """Return the logarithm of the beta function."""
        a, b = self._both(a, b)
        logarithm: torch.Tensor = torch.special.gammaln(a) + torch.special.gammaln(b) - torch.special.gammaln(a + b)
        return logarithm

    def special_beta(self, a: Any, b: Any) -> torch.Tensor:
        """Return the beta function."""
        a, b = self._both(a, b)
        return _sign_of_gamma(a) * _sign_of_gamma(b) * _sign_of_gamma(a + b) * torch.exp(self.special_betaln(a, b))


def _sign_of_gamma(x: torch.Tensor) -> torch.Tensor:
    return torch.where((x < 0) & (torch.floor(x) % 2 != 0), -torch.ones_like(x), torch.ones_like(x))


def _widest(kinds: Sequence[type]) -> type:
    for kind in (complex, float, int):
        if kind in kinds:
            return kind
    return bool if kinds else float


def _axes(x: torch.Tensor, axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return tuple(a % max(x.ndim, 1) for a in ((axis,) if isinstance(axis, int) else axis))
