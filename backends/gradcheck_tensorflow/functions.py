"""NumPy's vocabulary for plain tensors, each function by TensorFlow's own operation of that meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
import tensorflow as tf

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array, is_real

tnp = tf.experimental.numpy

FLOATING: dict[str, Callable[..., Any]] = {
    "sqrt": tf.sqrt, "reciprocal": tf.math.reciprocal, "exp": tf.exp, "expm1": tf.math.expm1, "log": tf.math.log,
    "log1p": tf.math.log1p, "sin": tf.sin, "cos": tf.cos, "tan": tf.tan, "arcsin": tf.asin, "arccos": tf.acos,
    "arctan": tf.atan, "sinh": tf.sinh, "cosh": tf.cosh, "tanh": tf.tanh, "arcsinh": tf.asinh,
    "arccosh": tf.acosh, "arctanh": tf.atanh, "floor": tf.floor, "ceil": tf.math.ceil,
    "special.erf": tf.math.erf, "special.erfc": tf.math.erfc, "special.gammaln": tf.math.lgamma,
    "special.digamma": tf.math.digamma, "special.expit": tf.sigmoid, "linalg.inv": tf.linalg.inv,
    "linalg.det": tf.linalg.det, "linalg.cholesky": tf.linalg.cholesky, "linalg.eigvalsh": tf.linalg.eigvalsh,
    "linalg.pinv": tf.linalg.pinv, "linalg.expm": tf.linalg.expm,
    "special.erfinv": tf.math.erfinv, "special.ndtri": tf.math.ndtri, "special.dawsn": tf.math.special.dawsn,
    "special.i0": tf.math.bessel_i0, "special.i0e": tf.math.bessel_i0e, "special.i1": tf.math.bessel_i1,
    "special.i1e": tf.math.bessel_i1e, "special.j0": tf.math.special.bessel_j0,
    "special.j1": tf.math.special.bessel_j1, "special.expi": tf.math.special.expint,
    "special.spence": tf.math.special.spence,
}  # fmt: skip
"""Functions of one array that NumPy computes in floating point, whatever the array's dtype."""

UNARY: dict[str, Callable[..., Any]] = {
    "abs": tf.abs, "sign": tf.sign, "negative": tf.negative, "positive": tf.identity, "square": tf.square,
    "conj": tf.math.conj, "diag": tnp.diag, "diagonal": tnp.diagonal, "moveaxis": tnp.moveaxis,
    "swapaxes": tnp.swapaxes, "tile": tnp.tile, "tril": tnp.tril, "triu": tnp.triu, "squeeze": tf.squeeze,
    "broadcast_to": tf.broadcast_to,
}  # fmt: skip
"""Functions of one array that keep its dtype, with what other arguments they take."""

BINARY: dict[str, Callable[..., Any]] = {
    "add": tf.add, "subtract": tf.subtract, "multiply": tf.multiply, "power": tf.pow, "maximum": tf.maximum,
    "minimum": tf.minimum, "greater": tf.greater, "greater_equal": tf.greater_equal, "less": tf.less,
    "less_equal": tf.less_equal, "equal": tf.equal, "not_equal": tf.not_equal,
}  # fmt: skip
"""Functions of two arrays in their common dtype."""

FLOATING_BINARY: dict[str, Callable[..., Any]] = {
    "divide": tf.divide, "arctan2": tf.atan2, "special.xlogy": tf.math.xlogy,
    "special.xlog1py": tf.math.xlog1py, "special.gammainc": tf.math.igamma, "special.gammaincc": tf.math.igammac,
}  # fmt: skip
"""Functions of two arrays in their common floating dtype."""


class Slogdet(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


class Eigh(NamedTuple):
    """Eigenvalues in ascending order and the matrix of eigenvectors."""

    eigenvalues: Any
    eigenvectors: Any


class Svd(NamedTuple):
    """Left singular vectors, singular values, and right singular vectors as rows."""

    U: Any
    S: Any
    Vh: Any


class Qr(NamedTuple):
    """A matrix of orthonormal columns and an upper triangular one."""

    Q: Any
    R: Any


class TensorFunctions:
    """The vocabulary of `gradcheck.namespaces` with NumPy's meaning, for plain tensors.

    Dtypes are promoted as NumPy does, but for one thing: integers and Python numbers beside a
    floating array never widen it, so that a check in float32 stays in float32.

    Parameters
    ----------
    dtype : numpy.dtype
        The real dtype of what becomes floating here: constants, and integers where NumPy would
        compute in float64.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function of a dotted name."""
        for table, adapt in (
            (UNARY, self._unary),
            (FLOATING, self._floating),
            (BINARY, self._binary),
            (FLOATING_BINARY, self._floating_binary),
        ):
            if name in table:
                return adapt(table[name])
        method: Callable[..., Any] = getattr(self, name.replace(".", "_"))
        return method

    def _unary(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, *args, **kwargs: operation(self.tensor(x), *args, **kwargs)

    def _floating(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: operation(self.floating(x))

    def _binary(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: operation(*self.promoted(x, y))

    def _floating_binary(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: operation(*(self.floating(t) for t in self.promoted(x, y)))

    # -- conversion and promotion -------------------------------------------------------------

    def constant(self, array: Array) -> Any:
        """Convert a NumPy array, floating ones in the precision of the namespace."""
        if is_real(array.dtype):
            array = array.astype(self.dtype)
        elif array.dtype.kind == "c":
            array = array.astype(np.result_type(self.dtype, np.complex64))
        return tf.constant(np.array(array))  # a copy: TensorFlow may keep the caller's memory

    def tensor(self, value: Any) -> Any:
        """Convert a constant; a tensor stays as it is."""
        return value if tf.is_tensor(value) else self.constant(np.asarray(value))

    def floating(self, value: Any) -> Any:
        """Convert to a floating or complex tensor."""
        x = self.tensor(value)
        return x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, self.dtype)

    def arithmetic(self, value: Any) -> Any:
        """Convert to a tensor that can be added: booleans count as 0 and 1."""
        x = self.tensor(value)
        return tf.cast(x, tf.int64) if x.dtype.is_bool else x

    def promoted(self, *values: Any) -> list[Any]:
        """Convert to tensors of one dtype; Python numbers take that of the arrays beside them."""
        numbers = [isinstance(v, (bool, int, float, complex)) for v in values]
        tensors = [v if number else self.tensor(v) for v, number in zip(values, numbers, strict=True)]
        dtypes = [t.dtype.as_numpy_dtype for t, number in zip(tensors, numbers, strict=True) if not number]
        dtype = self._common(dtypes, [v for v, number in zip(values, numbers, strict=True) if number])
        return [
            tf.constant(t, dtype) if number else tf.cast(t, dtype) for t, number in zip(tensors, numbers, strict=True)
        ]

    def _common(self, dtypes: Sequence[Any], numbers: Sequence[Any]) -> Any:
        inexact = [d for d in dtypes if np.dtype(d).kind == "c" or is_real(np.dtype(d))]
        exact = [np.result_type(*dtypes)] if dtypes else []
        found = np.result_type(*inexact) if inexact else next(iter(exact), np.dtype(bool))
        if any(isinstance(n, (float, complex)) for n in numbers) and found.kind not in "fc":
            found = np.dtype(self.dtype)
        if any(isinstance(n, complex) for n in numbers):
            found = np.result_type(found, np.complex64)
        if found.kind == "b":  # arithmetic of booleans is that of integers
            found = np.dtype(np.int64)
        return found

    # -- elementwise --------------------------------------------------------------------------

    def cbrt(self, x: Any) -> Any:
        """Return the real cube root, which TensorFlow lacks."""
        x = self.floating(x)
        return tf.sign(x) * tf.pow(tf.abs(x), 1 / 3)

    def exp2(self, x: Any) -> Any:
        """Return 2 to the power x."""
        x = self.floating(x)
        return tf.pow(tf.constant(2, x.dtype), x)

    def log2(self, x: Any) -> Any:
        """Return the logarithm to base 2."""
        return tf.math.log(self.floating(x)) / np.log(2.0)

    def log10(self, x: Any) -> Any:
        """Return the logarithm to base 10."""
        return tf.math.log(self.floating(x)) / np.log(10.0)

    def logaddexp(self, x: Any, y: Any) -> Any:
        """Return log(exp(x) + exp(y)); TensorFlow's NumPy layer has one whose derivative is wrong at x = y."""
        x, y = self._broadcast(*(self.floating(t) for t in self.promoted(x, y)))
        return tf.reduce_logsumexp(tf.stack([x, y]), 0)

    def hypot(self, x: Any, y: Any) -> Any:
        """Return sqrt(x^2 + y^2)."""
        x, y = (self.floating(t) for t in self.promoted(x, y))
        return tf.sqrt(tf.square(x) + tf.square(y))

    def sinc(self, x: Any) -> Any:
        """Return sin(pi x) / (pi x), by its series near 0, where the quotient has no derivatives."""
        u = np.pi * self.floating(x)
        near = tf.abs(u) < 0.1
        square = tf.square(tf.where(near, u, tf.zeros_like(u)))
        series = tf.ones_like(u)
        for k in (8, 6, 4, 2):  # 1 - u^2/(2 3) (1 - u^2/(4 5) (1 - ...)), to u^8
            series = 1 - square / (k * (k + 1)) * series
        safe = tf.where(near, tf.ones_like(u), u)
        return tf.where(near, series, tf.sin(safe) / safe)

    def clip(self, x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
        """Return x moved into an interval; an end that is None is open."""
        low, high = (a if b is None else b for a, b in ((a_min, min), (a_max, max)))
        if low is None or high is None:
            x = self.tensor(x) if low is None else tf.maximum(*self.promoted(x, low))
            return x if high is None else tf.minimum(*self.promoted(x, high))
        return tf.clip_by_value(*self._broadcast(*self.promoted(x, low, high)))

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """Return x where a condition holds, y elsewhere."""
        return tf.where(tf.cast(self.tensor(condition), tf.bool), *self.promoted(x, y))

    def real(self, x: Any) -> Any:
        """Return the real part."""
        return tf.math.real(self.tensor(x))

    def imag(self, x: Any) -> Any:
        """Return the imaginary part; of a real array, zeros."""
        x = self.tensor(x)
        return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)

    def logical_and(self, x: Any, y: Any) -> Any:
        """Return whether both are true."""
        return tf.logical_and(self._boolean(x), self._boolean(y))

    def logical_or(self, x: Any, y: Any) -> Any:
        """Return whether either is true."""
        return tf.logical_or(self._boolean(x), self._boolean(y))

    def logical_not(self, x: Any) -> Any:
        """Return whether it is false."""
        return tf.logical_not(self._boolean(x))

    def _boolean(self, x: Any) -> Any:
        return tf.cast(self.tensor(x), tf.bool)

    def zeros_like(self, x: Any, dtype: type | None = None) -> Any:
        """Return zeros of the shape of x."""
        return self.full_like(x, 0, dtype)

    def ones_like(self, x: Any, dtype: type | None = None) -> Any:
        """Return ones of the shape of x."""
        return self.full_like(x, 1, dtype)

    def full_like(self, x: Any, fill_value: Any, dtype: type | None = None) -> Any:
        """Return one number, repeated to the shape of x."""
        x = self.tensor(x)
        wanted: Any = x.dtype if dtype is None else self.constant(np.zeros((), dtype)).dtype
        return tf.broadcast_to(tf.cast(self.tensor(fill_value), wanted), tf.shape(x))

    # -- reductions ---------------------------------------------------------------------------

    def sum(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the sum over axes."""
        return tf.reduce_sum(self.arithmetic(x), axis, keepdims)

    def prod(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the product over axes."""
        return tf.reduce_prod(self.arithmetic(x), axis, keepdims)

    def mean(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the mean over axes."""
        return tf.reduce_mean(self.floating(x), axis, keepdims)

    def var(self, x: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
        """Return the variance over axes, divided by n - ddof."""
        x = self.floating(x)
        variance = tf.math.reduce_variance(x, axis, keepdims)
        return variance if ddof == 0 else variance * self._ddof_factor(x, axis, ddof)

    def std(self, x: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
        """Return the standard deviation over axes, the variance divided by n - ddof."""
        x = self.floating(x)
        deviation = tf.math.reduce_std(x, axis, keepdims)
        return deviation if ddof == 0 else deviation * self._ddof_factor(x, axis, ddof) ** 0.5

    def _ddof_factor(self, x: Any, axis: Any, ddof: float) -> float:
        axes = range(x.shape.rank) if axis is None else np.atleast_1d(axis)
        n = np.prod([x.shape[int(a)] for a in axes], dtype=int)
        return float(n / (n - ddof)) if n > ddof else float("nan")

    def max(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the largest element over axes."""
        return tf.reduce_max(self.tensor(x), axis, keepdims)

    def min(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the smallest element over axes."""
        return tf.reduce_min(self.tensor(x), axis, keepdims)

    def argmax(self, x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
        """Return the index of the first largest element."""
        return self._arg(tf.argmax, x, axis, keepdims)

    def argmin(self, x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
        """Return the index of the first smallest element."""
        return self._arg(tf.argmin, x, axis, keepdims)

    def _arg(self, operation: Callable[..., Any], x: Any, axis: int | None, keepdims: bool) -> Any:
        x = self.tensor(x)
        found = operation(self.ravel(x), 0) if axis is None else operation(x, axis)
        if not keepdims:
            return found
        return tf.reshape(found, [1] * x.shape.rank) if axis is None else tf.expand_dims(found, axis)

    def cumsum(self, x: Any, axis: int | None = None) -> Any:
        """Return running sums along an axis, or of the flattened array."""
        x = self.arithmetic(x)
        return tf.cumsum(self.ravel(x) if axis is None else x, axis or 0)

    def cumprod(self, x: Any, axis: int | None = None) -> Any:
        """Return running products along an axis, or of the flattened array."""
        x = self.arithmetic(x)
        return tf.math.cumprod(self.ravel(x) if axis is None else x, axis or 0)

    def median(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the median over axes, the mean of the middle two elements of an even number."""
        x = self.floating(x)
        rank = x.shape.rank
        axes = sorted({int(a) % rank for a in (range(rank) if axis is None else np.atleast_1d(axis))})
        kept = [a for a in range(rank) if a not in axes]
        shape = [x.shape[a] for a in kept]
        ordered = tf.sort(tf.reshape(tf.transpose(x, kept + axes), [*shape, -1]), -1)
        n = ordered.shape[-1]
        middle = (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2
        return tf.reshape(middle, [1 if a in axes else x.shape[a] for a in range(rank)]) if keepdims else middle

    def quantile(self, x: Any, q: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
        """Return a quantile by linear interpolation, or those of a list along a new first axis."""
        if np.ndim(q):
            return tf.stack([self.quantile(x, float(one), axis, keepdims=keepdims) for one in q])
        x = self.floating(x)
        ordered = tf.sort(self.ravel(x) if axis is None else tnp.moveaxis(x, axis, -1), -1)
        place = q * (ordered.shape[-1] - 1)
        low, high = ordered[..., int(place)], ordered[..., min(int(place) + 1, ordered.shape[-1] - 1)]
        found = low + (high - low) * (place - int(place))
        if not keepdims:
            return found
        return tf.reshape(found, [1] * x.shape.rank) if axis is None else tf.expand_dims(found, axis)

    # -- shapes -------------------------------------------------------------------------------

    def reshape(self, x: Any, shape: Any) -> Any:
        """Return the same elements in another shape."""
        return tf.reshape(self.tensor(x), shape if isinstance(shape, (tuple, list)) else [shape])

    def ravel(self, x: Any) -> Any:
        """Return the elements in one axis."""
        return tf.reshape(self.tensor(x), [-1])

    def transpose(self, x: Any, axes: Sequence[int] | None = None) -> Any:
        """Return the axes reversed, or in a given order."""
        x = self.tensor(x)
        return tf.transpose(x, axes if axes is None else [a % x.shape.rank for a in axes])

    def concatenate(self, arrays: Sequence[Any], axis: int | None = 0) -> Any:
        """Return arrays joined along an axis, or flattened ones."""
        tensors = self.promoted(*arrays)
        return tf.concat([self.ravel(t) for t in tensors] if axis is None else tensors, axis or 0)

    def stack(self, arrays: Sequence[Any], axis: int = 0) -> Any:
        """Return arrays joined along a new axis."""
        return tf.stack(self.promoted(*arrays), axis)

    def expand_dims(self, x: Any, axis: int | Sequence[int]) -> Any:
        """Return new axes of length 1 at these places of the result."""
        x = self.tensor(x)
        axes = [axis] if isinstance(axis, int) else list(axis)
        rank = x.shape.rank + len(axes)
        for a in sorted(a % rank for a in axes):
            x = tf.expand_dims(x, a)
        return x

    def flip(self, x: Any, axis: int | Sequence[int] | None = None) -> Any:
        """Return the order of elements reversed along axes."""
        x = self.tensor(x)
        axes = range(x.shape.rank) if axis is None else [axis] if isinstance(axis, int) else axis
        return tf.reverse(x, list(axes))

    def roll(self, x: Any, shift: Any, axis: Any = None) -> Any:
        """Return elements moved along axes, or along the flattened array, around the end."""
        x = self.tensor(x)
        if axis is None:
            return tf.reshape(tf.roll(self.ravel(x), int(np.sum(shift)), 0), x.shape)
        shifts, axes = np.broadcast_arrays(shift, axis)
        return tf.roll(x, shifts.tolist(), (axes % x.shape.rank).tolist())

    def repeat(self, x: Any, repeats: Any, axis: int | None = None) -> Any:
        """Return each element repeated, along an axis or of the flattened array."""
        return tf.repeat(self.tensor(x), repeats, axis)

    def pad(self, x: Any, pad_width: Any, mode: str = "constant", *, constant_values: float = 0) -> Any:
        """Return each axis prolonged by (before, after) elements; modes constant, edge, reflect, symmetric and wrap."""
        x = self.tensor(x)
        widths = np.broadcast_to(np.asarray(pad_width), (x.shape.rank, 2))
        if mode == "constant":
            return tf.pad(x, widths, constant_values=tf.cast(constant_values, x.dtype))
        if mode not in ("edge", "reflect", "symmetric", "wrap"):
            raise ValueError(f"pad has the modes constant, edge, reflect, symmetric and wrap; got {mode!r}")
        kind: Any = mode
        for axis, width in enumerate(widths):
            source = np.pad(np.arange(x.shape[axis]), width, mode=kind)
            x = tf.gather(x, source, axis=axis)
        return x

    def take(self, x: Any, indices: Any, axis: int | None = None) -> Any:
        """Return the elements at indices along an axis, or of the flattened array."""
        x = self.tensor(x)
        if axis is None:
            x, axis = self.ravel(x), 0
        return tf.gather(x, self._wrapped(self.tensor(indices), x.shape[axis]), axis=axis)

    def take_along_axis(self, x: Any, indices: Any, axis: int | None = -1) -> Any:
        """Return the elements at indices that go with the other axes."""
        x, indices = self.tensor(x), self.tensor(indices)
        if axis is None:
            x, axis = self.ravel(x), 0
        return tnp.take_along_axis(x, self._wrapped(indices, x.shape[axis]), axis)

    def _wrapped(self, indices: Any, n: Any) -> Any:
        """Count negative indices from the end, which TensorFlow's gathers do not."""
        return tf.where(indices < 0, indices + tf.cast(n, indices.dtype), indices)

    def sort(self, x: Any, axis: int | None = -1) -> Any:
        """Return the elements in ascending order along an axis, or of the flattened array."""
        x = self.tensor(x)
        return tf.sort(self.ravel(x), 0) if axis is None else tf.sort(x, axis)

    def argsort(self, x: Any, axis: int | None = -1) -> Any:
        """Return the indices that sort, equal elements in their order."""
        x = self.tensor(x)
        order = tf.argsort(self.ravel(x), 0, stable=True) if axis is None else tf.argsort(x, axis, stable=True)
        return tf.cast(order, tf.int64)

    def diff(self, x: Any, n: int = 1, axis: int = -1) -> Any:
        """Return differences of neighbours along an axis, n times."""
        x = tnp.moveaxis(self.tensor(x), axis, -1)
        for _ in range(n):
            x = x[..., 1:] - x[..., :-1]
        return tnp.moveaxis(x, -1, axis)

    def trace(self, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """Return the sum along a diagonal."""
        return tf.reduce_sum(tnp.diagonal(self.arithmetic(x), offset, axis1, axis2), -1)

    def _broadcast(self, *tensors: Any) -> list[Any]:
        shape = tensors[0].shape
        for t in tensors[1:]:
            shape = tf.broadcast_static_shape(shape, t.shape)
        return [tf.broadcast_to(t, shape) for t in tensors]

    def getitem(self, x: Any, key: Any) -> Any:
        """Return ``x[key]`` with all of NumPy's indexing.

        Raises
        ------
        UnsupportedError
            If, inside a ``tf.function``, computed indices or masks stand beside slices.
        """
        parts = key if isinstance(key, tuple) else (key,)
        if all(_is_basic(part) for part in parts):
            return x[tuple(int(p) if isinstance(p, np.integer) else p for p in parts)]
        known = [tf.get_static_value(p) if tf.is_tensor(p) else p for p in parts]
        if not any(k is None and p is not None for k, p in zip(known, parts, strict=True)):
            positions = np.arange(np.prod(x.shape, dtype=int)).reshape(x.shape)[tuple(known)]
            return tf.gather(self.ravel(x), positions)
        if len(parts) == 1 and parts[0].dtype.is_bool:
            return tf.boolean_mask(x, parts[0])
        return self._computed_item(x, parts)

    def _computed_item(self, x: Any, parts: Sequence[Any]) -> Any:
        """Index the leading axes by integer tensors that are known only when the graph runs."""
        parts = list(parts)
        while isinstance(parts[-1], slice) and parts[-1] == slice(None):
            parts.pop()
        if not all(isinstance(p, int) or (tf.is_tensor(p) and p.dtype.is_integer) for p in parts):
            raise UnsupportedError(
                "inside tf.function an index that is computed cannot stand beside slices, None or masks; use xp.take"
            )
        leading = x.shape[: len(parts)]
        wrapped = [self._wrapped(tf.cast(p, tf.int64), n) for p, n in zip(parts, leading, strict=True)]
        position = wrapped[0]  # in the leading axes as one: the accumulator cannot carry tf.gather_nd's derivative
        for p, n in zip(wrapped[1:], leading[1:], strict=True):
            position = position * n + p
        return tf.gather(tf.reshape(x, [-1, *x.shape[len(parts) :]]), position)

    # -- linear algebra -----------------------------------------------------------------------

    def matmul(self, x: Any, y: Any) -> Any:
        """Return the matrix product; vectors count as a row on the left and as a column on the right."""
        x, y = self.promoted(x, y)
        if 0 in (x.shape.rank, y.shape.rank):
            raise ValueError(f"matmul needs at least one axis; got shapes {tuple(x.shape)} and {tuple(y.shape)}")
        row, column = x.shape.rank == 1, y.shape.rank == 1
        product = tf.matmul(x[None, :] if row else x, y[:, None] if column else y)
        gone = [-2] * row + [-1] * column
        return tf.squeeze(product, gone) if gone else product

    def dot(self, x: Any, y: Any) -> Any:
        """Return the sum of products over the last axis of x and the last but one of y."""
        x, y = self.promoted(x, y)
        if 0 in (x.shape.rank, y.shape.rank):
            return x * y
        return tf.tensordot(x, y, [[-1], [max(y.shape.rank - 2, 0)]])

    def vdot(self, x: Any, y: Any) -> Any:
        """Return the sum of products of all elements, the first conjugated."""
        x, y = self.promoted(x, y)
        return tf.reduce_sum(tf.math.conj(self.ravel(x)) * self.ravel(y))

    def inner(self, x: Any, y: Any) -> Any:
        """Return the sum of products over the last axes."""
        x, y = self.promoted(x, y)
        return x * y if 0 in (x.shape.rank, y.shape.rank) else tf.tensordot(x, y, [[-1], [-1]])

    def outer(self, x: Any, y: Any) -> Any:
        """Return all products of an element of x and one of y."""
        x, y = self.promoted(x, y)
        return self.ravel(x)[:, None] * self.ravel(y)

    def tensordot(self, x: Any, y: Any, axes: Any = 2) -> Any:
        """Return the sum of products over pairs of axes."""
        x, y = self.promoted(x, y)
        return tf.tensordot(x, y, axes)

    def einsum(self, equation: str, *operands: Any) -> Any:
        """Return Einstein's summation."""
        return tf.einsum(equation, *self.promoted(*operands))

    def kron(self, x: Any, y: Any) -> Any:
        """Return the Kronecker product."""
        x, y = self.promoted(x, y)
        rank = max(x.shape.rank, y.shape.rank)
        left = [1] * (rank - x.shape.rank) + list(x.shape)
        right = [1] * (rank - y.shape.rank) + list(y.shape)
        blocks = tf.reshape(x, [n for m in left for n in (m, 1)]) * tf.reshape(y, [n for m in right for n in (1, m)])
        return tf.reshape(blocks, [m * n for m, n in zip(left, right, strict=True)])

    def cross(self, x: Any, y: Any, *, axis: int = -1) -> Any:
        """Return the cross product of vectors of three elements."""
        x, y = self._broadcast(*(tnp.moveaxis(t, axis, -1) for t in self.promoted(x, y)))
        return tnp.moveaxis(tf.linalg.cross(x, y), -1, axis)

    def linalg_solve(self, a: Any, b: Any) -> Any:
        """Return the solution of a x = b; b is one vector if it has one axis."""
        a, b = (self.floating(t) for t in self.promoted(a, b))
        vector = b.shape.rank == 1
        b = b[:, None] if vector else b
        batch = tf.broadcast_static_shape(a.shape[:-2], b.shape[:-2])
        x = tf.linalg.solve(
            tf.broadcast_to(a, batch.concatenate(a.shape[-2:])), tf.broadcast_to(b, batch.concatenate(b.shape[-2:]))
        )
        return tf.squeeze(x, -1) if vector else x

    def linalg_solve_triangular(self, a: Any, b: Any, lower: bool = False) -> Any:
        """Return the solution of a x = b by one triangle of a; b is one vector if it has one axis."""
        a, b = (self.floating(t) for t in self.promoted(a, b))
        vector = b.shape.rank == 1
        x = tf.linalg.triangular_solve(a, b[:, None] if vector else b, lower=lower)
        return tf.squeeze(x, -1) if vector else x

    def linalg_lstsq(self, a: Any, b: Any) -> tuple[Any]:
        """Return the solution of least squares, in a tuple; b is one vector if it has one axis."""
        a, b = (self.floating(t) for t in self.promoted(a, b))
        vector = b.shape.rank == 1
        x = tf.linalg.lstsq(a, b[:, None] if vector else b)
        return (tf.squeeze(x, -1) if vector else x,)

    def linalg_eigh(self, a: Any) -> Eigh:
        """Return the eigenvalues and eigenvectors of a symmetric matrix."""
        return Eigh(*tf.linalg.eigh(self.floating(a)))

    def linalg_svd(self, a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
        """Return singular values, with or without their vectors."""
        if not compute_uv:
            return tf.linalg.svd(self.floating(a), compute_uv=False)
        values, left, right = tf.linalg.svd(self.floating(a), full_matrices)
        return Svd(left, values, tf.linalg.adjoint(right))

    def linalg_qr(self, a: Any) -> Qr:
        """Return the reduced QR decomposition."""
        return Qr(*tf.linalg.qr(self.floating(a)))

    def linalg_slogdet(self, a: Any) -> Slogdet:
        """Return the sign and the logarithm of the absolute value of a determinant."""
        return Slogdet(*tf.linalg.slogdet(self.floating(a)))

    def linalg_matrix_power(self, a: Any, n: int) -> Any:
        """Return a square matrix to an integer power."""
        a = self.arithmetic(a)
        if n < 0:
            a, n = tf.linalg.inv(self.floating(a)), -n
        power = tf.eye(a.shape[-1], batch_shape=a.shape[:-2], dtype=a.dtype) if n == 0 else None
        while n:
            if n % 2:
                power = a if power is None else tf.matmul(power, a)
            n //= 2
            a = tf.matmul(a, a) if n else a
        return power

    def linalg_norm(self, x: Any, ord: Any = None, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the norm of a vector or matrix, or of the flattened array if neither `ord` nor `axis` is given."""
        x = self.floating(x)
        if ord is None:
            norm = tf.norm(x, axis=axis, keepdims=keepdims)
            return tf.math.real(norm) if x.dtype.is_complex else norm
        axes = list(range(x.shape.rank)) if axis is None else [int(a) for a in np.atleast_1d(axis)]
        if len(axes) == 1:
            return self._vector_norm(x, ord, axes[0], keepdims)
        if len(axes) != 2:
            raise ValueError(f"a norm of order {ord!r} is over one or two axes, got {len(axes)}")
        return self._matrix_norm(x, ord, axes, keepdims)

    def _vector_norm(self, x: Any, order: float, axis: int, keepdims: bool) -> Any:
        if order == 0:
            return tf.reduce_sum(tf.cast(tf.not_equal(x, 0), tf.abs(x).dtype), axis, keepdims)
        if order == -np.inf:
            return tf.reduce_min(tf.abs(x), axis, keepdims)
        if order < 0:
            return tf.pow(tf.reduce_sum(tf.pow(tf.abs(x), order), axis, keepdims), 1 / order)
        return tf.norm(x, order, axis, keepdims)

    def _matrix_norm(self, x: Any, order: Any, axes: Sequence[int], keepdims: bool) -> Any:
        if order in ("fro", 1, np.inf):
            return tf.norm(x, order, axes, keepdims)
        moved = tnp.moveaxis(x, axes, (-2, -1))
        if order in (-1, -np.inf):
            norm = tf.reduce_min(tf.reduce_sum(tf.abs(moved), -2 if order == -1 else -1), -1)
        elif order in (2, -2, "nuc"):
            reduce = {2: tf.reduce_max, -2: tf.reduce_min, "nuc": tf.reduce_sum}[order]
            norm = reduce(tf.linalg.svd(moved, compute_uv=False), -1)
        else:
            raise ValueError(f"a matrix norm has the orders 'fro', 'nuc', inf, -inf, 1, -1, 2 and -2; got {order!r}")
        return self.expand_dims(norm, [a % x.shape.rank for a in axes]) if keepdims else norm

    # -- Fourier transforms -------------------------------------------------------------------

    def fft_fft(self, x: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return the discrete Fourier transform along an axis."""
        return self._transformed(tf.signal.fft, self._complex(x), n, axis)

    def fft_ifft(self, x: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return its inverse."""
        return self._transformed(tf.signal.ifft, self._complex(x), n, axis)

    def fft_rfft(self, x: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return the half of the transform of real numbers that says all."""
        return self._transformed(tf.signal.rfft, self.floating(x), n, axis)

    def fft_irfft(self, x: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return its inverse, of n numbers."""
        x = self._complex(x)
        count = 2 * (x.shape[axis] - 1) if n is None else n
        return self._transformed(lambda y: tf.signal.irfft(y, [count]), x, count // 2 + 1, axis)

    def _complex(self, x: Any) -> Any:
        x = self.floating(x)
        return x if x.dtype.is_complex else tf.cast(x, np.result_type(x.dtype.as_numpy_dtype, np.complex64))

    def _transformed(self, transform: Callable[..., Any], x: Any, n: int | None, axis: int) -> Any:
        """Transform an axis, cut or filled up with zeros to n elements: TensorFlow's transforms are of the last."""
        x = tnp.moveaxis(x, axis, -1)
        if n is not None:
            missing = max(n - x.shape[-1], 0)
            x = tf.pad(x[..., :n], [[0, 0]] * (x.shape.rank - 1) + [[0, missing]])
        return tnp.moveaxis(transform(x), -1, axis)

    # -- special functions --------------------------------------------------------------------

    def special_logit(self, x: Any) -> Any:
        """Return log(x / (1 - x))."""
        x = self.floating(x)
        return tf.math.log(x) - tf.math.log1p(-x)

    def special_ndtr(self, x: Any) -> Any:
        """Return the normal distribution function, from erfc to keep the digits of the left tail."""
        return tf.math.erfc(self.floating(x) * -(0.5**0.5)) / 2

    def special_logsumexp(self, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        """Return the logarithm of the sum of exponentials over axes."""
        return tf.reduce_logsumexp(self.floating(x), axis, keepdims)

    def special_softmax(self, x: Any, axis: Any = None) -> Any:
        """Return exponentials divided by their sum over axes."""
        return self._over_axes(tf.nn.softmax, x, axis)

    def special_log_softmax(self, x: Any, axis: Any = None) -> Any:
        """Return the logarithm of the softmax."""
        return self._over_axes(tf.nn.log_softmax, x, axis)

    def _over_axes(self, operation: Callable[..., Any], x: Any, axis: Any) -> Any:
        """Apply an operation of one axis over several, joined into one."""
        x = self.floating(x)
        if isinstance(axis, int):
            return operation(x, axis)
        axes = list(range(x.shape.rank)) if axis is None else list(axis)
        last = list(range(-len(axes), 0))
        moved = tnp.moveaxis(x, axes, last)
        joined = tf.reshape(moved, [*moved.shape[: moved.shape.rank - len(axes)], -1])
        return tnp.moveaxis(tf.reshape(operation(joined, -1), moved.shape), last, axes)

    def special_entr(self, x: Any) -> Any:
        """Return -x log(x)."""
        x = self.floating(x)
        return -tf.math.xlogy(x, x)

    def special_rel_entr(self, x: Any, y: Any) -> Any:
        """Return x log(x / y)."""
        x, y = (self.floating(t) for t in self.promoted(x, y))
        return tf.math.xlogy(x, x / y)

    def special_kl_div(self, x: Any, y: Any) -> Any:
        """Return x log(x / y) - x + y."""
        x, y = (self.floating(t) for t in self.promoted(x, y))
        return self.special_rel_entr(x, y) - x + y

    def special_gamma(self, x: Any) -> Any:
        """Return the gamma function, which TensorFlow has as a logarithm only."""
        x = self.floating(x)
        return _sign_of_gamma(x) * tf.exp(tf.math.lgamma(x))

    def special_betaln(self, a: Any, b: Any) -> Any:
        """Return the logarithm of the beta function."""
        a, b = (self.floating(t) for t in self.promoted(a, b))
        return tf.math.lgamma(a) + tf.math.lgamma(b) - tf.math.lgamma(a + b)

    def special_beta(self, a: Any, b: Any) -> Any:
        """Return the beta function."""
        a, b = (self.floating(t) for t in self.promoted(a, b))
        return _sign_of_gamma(a) * _sign_of_gamma(b) * _sign_of_gamma(a + b) * tf.exp(self.special_betaln(a, b))

    def special_polygamma(self, n: int, x: Any) -> Any:
        """Return the n-th derivative of digamma."""
        x = self.floating(x)
        return tf.math.polygamma(tf.constant(n, x.dtype), x)

    def special_zeta(self, x: Any, q: Any) -> Any:
        """Return Hurwitz's zeta function; TensorFlow has no derivative by x."""
        x, q = (self.floating(t) for t in self.promoted(x, q))
        return tf.math.zeta(x, q) + _refusing(x, "zeta")

    def special_betainc(self, a: Any, b: Any, x: Any) -> Any:
        """Return the regularised incomplete beta function; TensorFlow has no derivative by a and b."""
        a, b, x = self._broadcast(*(self.floating(t) for t in self.promoted(a, b, x)))
        return tf.math.betainc(a, b, x) + _refusing(a, "betainc") + _refusing(b, "betainc")


def _sign_of_gamma(x: Any) -> Any:
    return tf.where((x < 0) & (tf.math.floormod(tf.floor(x), 2) != 0), -tf.ones_like(x), tf.ones_like(x))


def _refusing(x: Any, name: str) -> Any:
    """Return zeros for a parameter without a derivative, which refuse it: TensorFlow's own is None, and counts as 0.

    The rule refuses on the tape; the forward accumulator does not see it, but meets an operation without a rule.
    """

    def zeros(x: Any) -> Any:
        def refuse(_: Any) -> NoReturn:
            raise UnsupportedError(f"tensorflow has no derivative of special.{name} by its parameters")

        return 0 * tf.raw_ops.IgammaGradA(a=tf.abs(x) + 1, x=tf.ones_like(x)), refuse

    return tf.custom_gradient(zeros)(x)


def _is_basic(part: Any) -> bool:
    integer = isinstance(part, (int, np.integer)) and not isinstance(part, bool)
    return integer or part is None or part is Ellipsis or isinstance(part, slice)
