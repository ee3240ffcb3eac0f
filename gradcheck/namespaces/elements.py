"""The vocabulary over NumPy arrays of elements, for systems that are not array libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, NoReturn, cast

import numpy as np

from gradcheck.errors import UnknownNameError, UnsupportedError
from gradcheck.functions import Array
from gradcheck.namespaces.arrays import PortableArray
from gradcheck.namespaces.library import Submodule
from gradcheck.namespaces.vocabulary import CONSTANTS, FUNCTIONS

Axis = int | Sequence[int] | None


class ElementArray(PortableArray):
    """An array of elements.

    Parameters
    ----------
    xp : ElementNamespace
        The namespace that its operators call.
    data : numpy.ndarray
        The elements; or integers or booleans, which stay NumPy's and may serve as indices.
    """

    __slots__ = ("data", "shape", "xp")

    def __init__(self, xp: ElementNamespace, data: Array) -> None:
        self.xp, self.data, self.shape = xp, data, data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The real dtype that the elements stand for; integers and booleans have their own."""
        return self.xp.dtype if self.xp.holds_elements(self.data) else self.data.dtype

    def __bool__(self) -> bool:
        if self.xp.holds_elements(self.data):
            self.xp.refuse_branch()
        return bool(self.data)

    def __index__(self) -> int:
        if self.data.ndim or self.data.dtype.kind not in "iu":
            raise TypeError("only a 0-d array of integers can be an index")
        return int(self.data)

    def __float__(self) -> float:
        raise UnsupportedError(f"float() of an array would cut the derivative under {self.xp.system}; keep it an array")

    __int__ = __complex__ = __float__

    def __array__(self, *args: Any, **options: Any) -> NoReturn:
        raise UnsupportedError(
            f"a function of numpy was called on an array of {self.xp.system}; call the function of xp instead"
        )

    def __repr__(self) -> str:
        return f"ElementArray({self.data!r})"


def elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a namespace method of a function of NumPy arrays of elements.

    Parameters
    ----------
    function : callable
        A ufunc, or anything that broadcasts like one.
    """

    def method(self: ElementNamespace, *arrays: Any) -> ElementArray:
        with np.errstate(all="ignore"):  # NaN and infinity are results here
            return self.wrap(function(*(self.unwrap(a) for a in arrays)))

    return method


def per_element(function: Callable[..., Any], operands: int = 1, plain: Callable[..., Any] | None = None) -> Any:
    """Make a namespace method of a function of single elements.

    Parameters
    ----------
    function : callable
        Takes `operands` elements and returns one.
    operands : int
        How many it takes.
    plain : callable, optional
        NumPy's function, for operands that are all integers or booleans.
    """
    broadcast = np.frompyfunc(function, operands, 1)

    def method(self: ElementNamespace, *arrays: Any) -> ElementArray:
        data = [self.unwrap(a) for a in arrays]
        if plain is not None and not any(self.holds_elements(d) for d in data):
            return self.wrap(plain(*data))
        return self.wrap(broadcast(*data))

    return method


def structural(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a namespace method of a NumPy function that only rearranges its first argument."""

    def method(self: ElementNamespace, array: Any, *args: Any, **options: Any) -> ElementArray:
        return self.wrap(function(self.unwrap(array), *map(self.plain, args), **options))

    return method


def joining(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a namespace method of a NumPy function that joins a sequence of arrays."""

    def method(self: ElementNamespace, arrays: Iterable[Any], axis: int | None = 0) -> ElementArray:
        return self.wrap(function([self.unwrap(a) for a in arrays], axis=axis))

    return method


class ElementNamespace:
    """The vocabulary of `gradcheck.namespaces.vocabulary` over NumPy arrays of elements.

    Everything structural, reductions, linear algebra by elimination and all functions that are
    compositions are here. A subclass says what an element is (`elements`, `system`) and adds, with
    `elementwise` or `per_element`, what cannot be composed: ``abs``, ``sign``, ``exp``, ``log``,
    ``expm1``, ``log1p``, ``sqrt``, the trigonometric and hyperbolic functions and their inverses,
    ``arctan2``, ``logaddexp``, ``maximum``, ``where``, ``floor``, ``ceil``, the comparisons,
    the special functions that are not here. What it leaves out
    raises `UnsupportedError` when it is called for.

    Parameters
    ----------
    dtype : numpy.dtype
        The real dtype that floating constants are rounded to.
    """

    system: str = "this system"
    """How messages call the system."""

    pi, e, inf, nan, newaxis = np.pi, np.e, np.inf, np.nan, None

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = np.dtype(dtype)
        self.linalg = Submodule(cast(Any, self), "linalg")
        self.fft = Submodule(cast(Any, self), "fft")
        self.special = Submodule(cast(Any, self), "special")

    # -- what a subclass says -----------------------------------------------------------------

    def elements(self, array: Array) -> Array:
        """Return an array with its floating entries turned into elements, other arrays as they are."""
        raise NotImplementedError

    def holds_elements(self, data: Array) -> bool:
        """Whether an array holds elements rather than integers or booleans."""
        return data.dtype.kind not in "biu"

    def pivot(self, column: Sequence[Any]) -> int:
        """Return which entry of a column elimination divides by."""
        raise NotImplementedError

    def eigenpairs(self, matrix: Array) -> tuple[Array, Array]:
        """Return eigenvalues in ascending order, and eigenvectors as columns, of a symmetric matrix, as constants.

        What they are of the matrix's derivative, `linalg_eigh` finds from there.
        """
        raise UnsupportedError(f"{self.system} has no eigenvalues and singular values: they are no formula")

    def refuse_branch(self) -> NoReturn:
        """Refuse to decide a condition that depends on the inputs."""
        raise UnsupportedError(
            f"the function branches on the value of an array, which {self.system} cannot follow; use xp.where"
        )

    # -- arrays and names ---------------------------------------------------------------------

    def from_numpy(self, array: Array) -> ElementArray:
        """Convert a NumPy array."""
        return self.wrap(array)

    def is_array(self, value: Any) -> bool:
        """Whether `value` is an array of this kind."""
        return isinstance(value, ElementArray)

    def wrap(self, data: Any) -> ElementArray:
        """Make an array of what a NumPy function returned."""
        if isinstance(data, (float, np.generic)):
            data = np.asarray(data)
        elif not isinstance(data, np.ndarray):  # one element; or Python's int, which the sum of no objects is
            element, data = data, np.empty((), object)
            data[()] = element
        return ElementArray(self, self.elements(data))

    def unwrap(self, value: Any) -> Array:
        """Return the NumPy array of elements of an array, a number or a constant."""
        return value.data if isinstance(value, ElementArray) else self.asarray(value).data

    def plain(self, value: Any) -> Any:
        """Return indices, shapes and other arguments without their wrapping."""
        if isinstance(value, tuple):
            return tuple(self.plain(v) for v in value)
        if not isinstance(value, ElementArray):
            return value
        if self.holds_elements(value.data):
            raise UnsupportedError(f"an index or mask that depends on the inputs' values is unknown to {self.system}")
        return value.data

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function of a dotted name.

        Raises
        ------
        UnknownNameError
            If it is not in the vocabulary.
        UnsupportedError
            If this system does not have it.
        """
        if name not in FUNCTIONS:
            raise UnknownNameError("function of xp", name, FUNCTIONS + CONSTANTS)
        method: Callable[..., Any] | None = getattr(type(self), name.replace(".", "_"), None)
        if method is None:
            raise UnsupportedError(f"{self.system} has no {name}")
        return cast(Callable[..., Any], method.__get__(self))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.function(name.replace("linalg_", "linalg.", 1).replace("special_", "special.", 1))

    # -- creation -----------------------------------------------------------------------------

    def asarray(self, value: Any, dtype: type | None = None) -> ElementArray:
        """Convert a constant."""
        if isinstance(value, ElementArray):
            return value
        if isinstance(value, (list, tuple)) and _holds_arrays(value):
            raise TypeError("xp.asarray of a list that holds arrays would cut the derivative; use xp.stack")
        array = np.asarray(value, dtype)
        if array.dtype.kind not in "biufc":
            raise UnsupportedError(f"{self.system} cannot convert a {type(value).__name__} to an array")
        return self.wrap(array.astype(self.dtype) if array.dtype.kind == "f" else array)

    def zeros(self, shape: Any, dtype: type | None = None) -> ElementArray:
        """Zeros of a shape."""
        return self.asarray(np.zeros(shape, dtype or float))

    def ones(self, shape: Any, dtype: type | None = None) -> ElementArray:
        """Ones of a shape."""
        return self.asarray(np.ones(shape, dtype or float))

    def full(self, shape: Any, fill_value: Any, dtype: type | None = None) -> ElementArray:
        """One number, repeated to a shape."""
        return self.broadcast_to(self.asarray(fill_value, dtype), shape)  # type: ignore[no-any-return]

    def zeros_like(self, a: Any) -> ElementArray:
        """Zeros of an array's shape."""
        return self.zeros(self.unwrap(a).shape)

    def ones_like(self, a: Any) -> ElementArray:
        """Ones of an array's shape."""
        return self.ones(self.unwrap(a).shape)

    def full_like(self, a: Any, fill_value: Any) -> ElementArray:
        """One number, repeated to an array's shape."""
        return self.full(self.unwrap(a).shape, fill_value)

    def eye(self, n: int, m: int | None = None, k: int = 0) -> ElementArray:
        """Return the identity, or ones on a diagonal."""
        return self.asarray(np.eye(n, m, k))

    def arange(self, *limits: float, dtype: type | None = None) -> ElementArray:
        """Evenly spaced numbers from start to stop by step; of integers, integers."""
        return self.asarray(np.arange(*limits, dtype=dtype))

    def linspace(self, start: float, stop: float, num: int = 50) -> ElementArray:
        """`num` evenly spaced numbers, both ends included."""
        return self.asarray(np.linspace(start, stop, num))

    # -- elementwise --------------------------------------------------------------------------

    negative = elementwise(np.negative)
    positive = elementwise(np.positive)
    add = elementwise(np.add)
    subtract = elementwise(np.subtract)
    multiply = elementwise(np.multiply)
    divide = elementwise(np.true_divide)
    power = elementwise(np.power)

    def square(self, x: Any) -> Any:
        """Return the square."""
        return self.multiply(x, x)

    def reciprocal(self, x: Any) -> Any:
        """Return the reciprocal."""
        return self.divide(1.0, x)

    def exp2(self, x: Any) -> Any:
        """Two to the power of x."""
        return self.power(2.0, x)

    def log2(self, x: Any) -> Any:
        """Return the logarithm to base 2."""
        return self.divide(self.log(x), self.wrap(np.log(2.0)))

    def log10(self, x: Any) -> Any:
        """Return the logarithm to base 10."""
        return self.divide(self.log(x), self.wrap(np.log(10.0)))

    def hypot(self, x: Any, y: Any) -> Any:
        """Return the length of (x, y)."""
        return self.sqrt(self.add(self.square(x), self.square(y)))

    def minimum(self, x: Any, y: Any) -> Any:
        """Return the smaller one."""
        return self.negative(self.maximum(self.negative(x), self.negative(y)))

    def clip(self, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
        """Return x where it is between the limits, else the nearer one."""
        limited = x if a_min is None else self.maximum(x, a_min)
        return self.asarray(limited) if a_max is None else self.minimum(limited, a_max)

    def real(self, x: Any) -> Any:
        """Return the real part: x, since elements stand for real numbers."""
        return self.asarray(x)

    def imag(self, x: Any) -> Any:
        """Return the imaginary part: 0, since elements stand for real numbers."""
        return self.zeros_like(x)

    def conj(self, x: Any) -> Any:
        """Return the conjugate: x, since elements stand for real numbers."""
        return self.asarray(x)

    # -- reductions ---------------------------------------------------------------------------

    def sum(self, a: Any, axis: Axis = None, keepdims: bool = False) -> ElementArray:
        """Return the sum over axes."""
        return self.wrap(np.sum(self.unwrap(a), axis=_axes(axis), keepdims=keepdims))

    def prod(self, a: Any, axis: Axis = None, keepdims: bool = False) -> ElementArray:
        """Return the product over axes."""
        return self.wrap(np.prod(self.unwrap(a), axis=_axes(axis), keepdims=keepdims))

    def mean(self, a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        """Return the mean over axes."""
        return self.divide(self.sum(a, axis, keepdims), float(_count(self.unwrap(a).shape, axis)))

    def var(self, a: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
        """Return the variance over axes; the divisor is N - `ddof`."""
        deviations = self.subtract(a, self.mean(a, axis, keepdims=True))
        return self.divide(
            self.sum(self.square(deviations), axis, keepdims), float(_count(self.unwrap(a).shape, axis) - ddof)
        )

    def std(self, a: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
        """Return the standard deviation over axes."""
        return self.sqrt(self.var(a, axis, ddof, keepdims))

    def max(self, a: Any, axis: Axis = None, keepdims: bool = False) -> ElementArray:
        """Return the largest over axes."""
        return self._fold(self.maximum, a, axis, keepdims, "max")

    def min(self, a: Any, axis: Axis = None, keepdims: bool = False) -> ElementArray:
        """Return the smallest over axes."""
        return self._fold(self.minimum, a, axis, keepdims, "min")

    def _fold(self, join: Callable[..., Any], a: Any, axis: Axis, keepdims: bool, name: str) -> ElementArray:
        """Join the slices along axes from the first to the last."""
        data = self.unwrap(a)
        axes = tuple(range(data.ndim)) if axis is None else tuple(np.atleast_1d(axis) % max(data.ndim, 1))
        kept = tuple(1 if i in axes else n for i, n in enumerate(data.shape))
        rest = tuple(n for i, n in enumerate(data.shape) if i not in axes)
        slices = np.moveaxis(data, axes, tuple(range(len(axes)))).reshape((-1, *rest)) if axes else data[None]
        if not len(slices):
            raise ValueError(f"{name} of an empty array")
        folded: ElementArray = reduce(join, (self.wrap(s) for s in slices))
        return self.wrap(folded.data.reshape(kept)) if keepdims else folded

    cumsum = structural(np.cumsum)
    cumprod = structural(np.cumprod)

    def median(self, a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        """Return the middle one, or the mean of the middle two."""
        shape = self.unwrap(a).shape
        along = self.ravel(a) if axis is None else self.moveaxis(a, axis, -1)
        ordered, count = self.sort(along), along.shape[-1]
        middle = ordered[..., (count - 1) // 2 : count // 2 + 1]
        found = self.mean(middle, axis=-1)
        if not keepdims:
            return found
        return self.reshape(found, (1,) * len(shape)) if axis is None else self.expand_dims(found, axis)

    def quantile(self, a: Any, q: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        """Return a quantile by linear interpolation, or those of a list along a new first axis."""
        if np.ndim(q):
            return self.stack([self.quantile(a, float(one), axis, keepdims) for one in q])
        shape = self.unwrap(a).shape
        ordered = self.sort(self.ravel(a) if axis is None else self.moveaxis(a, axis, -1))
        place = q * (ordered.shape[-1] - 1)
        low, high = ordered[..., int(place)], ordered[..., min(int(place) + 1, ordered.shape[-1] - 1)]
        found = low + (high - low) * (place - int(place))
        if not keepdims:
            return found
        return self.reshape(found, (1,) * len(shape)) if axis is None else self.expand_dims(found, axis)

    def argmax(self, a: Any, axis: int | None = None) -> Any:
        """Refuse: which element is largest depends on the inputs' values."""
        self._refuse_order("argmax")

    def argmin(self, a: Any, axis: int | None = None) -> Any:
        """Refuse: which element is smallest depends on the inputs' values."""
        self._refuse_order("argmin")

    def argsort(self, a: Any, axis: int = -1) -> Any:
        """Refuse: the order depends on the inputs' values."""
        self._refuse_order("argsort")

    def _refuse_order(self, name: str) -> NoReturn:
        raise UnsupportedError(
            f"{name} depends on the order of the inputs' values, which {self.system} does not know; "
            "use xp.max, xp.min or xp.sort"
        )

    # -- shapes -------------------------------------------------------------------------------

    ravel = structural(np.ravel)
    transpose = structural(np.transpose)
    swapaxes = structural(np.swapaxes)
    moveaxis = structural(np.moveaxis)
    concatenate = joining(np.concatenate)
    stack = joining(np.stack)
    expand_dims = structural(np.expand_dims)
    squeeze = structural(np.squeeze)
    broadcast_to = structural(np.broadcast_to)
    flip = structural(np.flip)
    roll = structural(np.roll)
    tile = structural(np.tile)
    repeat = structural(np.repeat)
    take = structural(np.take)
    take_along_axis = structural(np.take_along_axis)
    diff = structural(np.diff)
    diag = structural(np.diag)
    diagonal = structural(np.diagonal)
    trace = structural(np.trace)
    tril = structural(np.tril)
    triu = structural(np.triu)

    def reshape(self, a: Any, shape: Any) -> ElementArray:
        """Return the elements in another shape."""
        return self.wrap(np.reshape(self.unwrap(a), shape))

    def pad(self, a: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> ElementArray:
        """Return the array with margins."""
        options: dict[str, Any] = {"constant_values": constant_values} if mode == "constant" else {}
        return self.wrap(np.pad(self.unwrap(a), pad_width, cast(Any, mode), **options))

    def getitem(self, a: Any, key: Any) -> ElementArray:
        """``a[key]`` for integers, slices, ``None``, ``...``, and integer or boolean arrays."""
        return self.wrap(self.unwrap(a)[self.plain(key)])

    def sort(self, a: Any, axis: int = -1) -> Any:
        """Return the elements in ascending order, by a sorting network of minima and maxima.

        References
        ----------
        Knuth, The Art of Computer Programming, vol. 3, section 5.2.2 (odd-even transposition).
        """
        columns = [self.wrap(column) for column in np.moveaxis(self.unwrap(a), axis, 0)]
        for start in range(len(columns)):
            for i in range(start % 2, len(columns) - 1, 2):
                low, high = columns[i], columns[i + 1]
                columns[i], columns[i + 1] = self.minimum(low, high), self.maximum(low, high)
        return self.moveaxis(self.stack(columns), 0, axis) if columns else self.asarray(a)

    # -- linear algebra -----------------------------------------------------------------------

    matmul = elementwise(np.matmul)
    dot = elementwise(np.dot)
    inner = elementwise(np.inner)
    outer = elementwise(np.outer)
    kron = elementwise(np.kron)

    def vdot(self, a: Any, b: Any) -> Any:
        """Return the sum of products of all elements, the first conjugated."""
        return self.sum(self.multiply(self.conj(self.ravel(a)), self.ravel(b)))

    def cross(self, a: Any, b: Any, axis: int = -1) -> Any:
        """Return the vector product of vectors of 3 components."""
        x, y = self.moveaxis(a, axis, 0), self.moveaxis(b, axis, 0)
        if len(x) != 3 or len(y) != 3:
            raise ValueError(f"cross needs vectors of 3 components, got {len(x)} and {len(y)}")
        pairs = ((1, 2), (2, 0), (0, 1))
        return self.stack([x[i] * y[j] - x[j] * y[i] for i, j in pairs], axis=axis)

    def tensordot(self, a: Any, b: Any, axes: Any = 2) -> ElementArray:
        """Return the sum of products over pairs of axes."""
        return self.wrap(np.tensordot(self.unwrap(a), self.unwrap(b), axes))

    def einsum(self, subscripts: str, *operands: Any) -> ElementArray:
        """Return the sum of products in Einstein's notation."""
        return self.wrap(np.einsum(subscripts, *(self.unwrap(o) for o in operands)))

    def linalg_solve(self, a: Any, b: Any) -> ElementArray:
        """Return x with a x = b; a `b` of one dimension is a vector, otherwise it holds matrices."""
        matrix, right = self.unwrap(a), self.unwrap(b)
        vector = right.ndim == 1
        columns = right[..., None] if vector else right
        lead = np.broadcast_shapes(matrix.shape[:-2], columns.shape[:-2])
        n, k = columns.shape[-2:]
        solved = self._batched(
            lambda both: self._solved(both[:, :n], both[:, n:]),
            np.concatenate([np.broadcast_to(matrix, (*lead, n, n)), np.broadcast_to(columns, (*lead, n, k))], -1),
            (n, k),
        )
        return self.wrap(solved[..., 0] if vector else solved)

    def linalg_inv(self, a: Any) -> ElementArray:
        """Return the inverse."""
        matrix = _square(self.unwrap(a))
        return self.linalg_solve(a, np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape))

    def linalg_det(self, a: Any) -> ElementArray:
        """Return the determinant."""

        def det(matrix: Array) -> Any:
            upper, parity = self._eliminated(matrix)
            return reduce(lambda x, y: x * y, np.diagonal(upper), parity)

        return self.wrap(self._batched(det, _square(self.unwrap(a)), ()))

    def linalg_slogdet(self, a: Any) -> tuple[Any, Any]:
        """Return the sign and the logarithm of the absolute value of the determinant."""

        def pivots(matrix: Array) -> Array:
            upper, parity = self._eliminated(matrix)
            return np.concatenate([np.asarray([parity], matrix.dtype), np.diagonal(upper)])

        matrix = _square(self.unwrap(a))
        found = self.wrap(self._batched(pivots, matrix, (matrix.shape[-1] + 1,)))
        return self.prod(self.sign(found), axis=-1), self.sum(self.log(self.abs(found)), axis=-1)

    def linalg_cholesky(self, a: Any) -> ElementArray:
        """Return the lower triangular L with L L^T = a, from the lower triangle of `a`.

        References
        ----------
        Golub and Van Loan, Matrix Computations, 4th ed., algorithm 4.2.1.
        """

        def factor(matrix: Array) -> Array:
            lower = np.full(matrix.shape, 0, matrix.dtype)
            for j in range(len(matrix)):
                rest = matrix[j:, j] - lower[j:, :j] @ lower[j, :j] if j else matrix[:, 0]
                root = self.sqrt(self.wrap(rest[0])).data[()]
                lower[j, j] = root
                lower[j + 1 :, j] = rest[1:] / root
            return lower

        matrix = _square(self.unwrap(a))
        return self.wrap(self._batched(factor, matrix, matrix.shape[-2:]))

    def linalg_matrix_power(self, a: Any, n: int) -> Any:
        """Return the n-th power of square matrices; negative ones of the inverse."""
        matrix = _square(self.unwrap(a))
        base = self.linalg_inv(a) if n < 0 else self.wrap(matrix)
        product = None
        for bit in reversed(bin(abs(n))[2:]):
            if bit == "1":
                product = base if product is None else self.matmul(product, base)
            base = self.matmul(base, base)
        return self.broadcast_to(self.eye(matrix.shape[-1]), matrix.shape) if product is None else product

    def linalg_solve_triangular(self, a: Any, b: Any, lower: bool = False) -> Any:
        """Return x with a x = b, by substitution in one triangle of a; a `b` of one dimension is a vector."""
        vector = self.unwrap(b).ndim == 1
        right = self.expand_dims(b, -1) if vector else b
        rows: list[Any] = [None] * right.shape[-2]
        for i in range(len(rows)) if lower else reversed(range(len(rows))):
            rest = right[..., i, :]
            for j in range(i) if lower else range(i + 1, len(rows)):
                rest = rest - a[..., i, j, None] * rows[j]
            rows[i] = rest / a[..., i, i, None]
        solution = self.stack(rows, axis=-2)
        return self.squeeze(solution, axis=-1) if vector else solution

    def linalg_qr(self, a: Any) -> tuple[Any, Any]:
        """Return the reduced QR decomposition with a positive diagonal, by Gram and Schmidt's process."""
        rows, columns = self.unwrap(a).shape[-2:]
        directions: list[Any] = []
        triangle = []
        for j in range(columns):
            rest, shares = a[..., :, j], []
            for direction in directions:
                shares.append(self.sum(self.conj(direction) * rest, axis=-1))
                rest = rest - shares[-1][..., None] * direction
            if j < rows:
                shares.append(self.linalg_norm(rest, axis=-1))
                directions.append(rest / shares[-1][..., None])
            below = [self.zeros_like(shares[0])] * (min(rows, columns) - len(shares))
            triangle.append(self.stack([*shares, *below], axis=-1))
        return self.stack(directions, axis=-1), self.stack(triangle, axis=-1)

    def linalg_pinv(self, a: Any) -> Any:
        """Return the pseudoinverse of a matrix of full rank, by its normal equations."""
        rows, columns = self.unwrap(a).shape[-2:]
        adjoint = self.conj(self.swapaxes(a, -1, -2))
        if rows >= columns:
            return self.linalg_solve(self.matmul(adjoint, a), adjoint)
        return self.matmul(adjoint, self.linalg_inv(self.matmul(a, adjoint)))

    def linalg_lstsq(self, a: Any, b: Any) -> tuple[Any]:
        """Return, in a tuple, the least squares solution of a x = b for a matrix of full rank."""
        return (self.matmul(self.linalg_pinv(a), b),)

    def linalg_eigh(self, a: Any) -> tuple[Any, Any]:
        """Return the eigenvalues and eigenvectors of a symmetric matrix, from its lower triangle.

        The constants of `eigenpairs` solve ``a v = w v, v' v = 1``. From the solution, a step of Newton's
        method gives another one whose first derivatives by `a` are right, a second step the second ones.
        """
        matrix = _square(self.unwrap(a))
        shape = (matrix.shape[-1] + 1, matrix.shape[-1])
        found = self.wrap(self._batched(self._refined, matrix, shape))
        return found[..., 0, :], found[..., 1:, :]

    def _refined(self, matrix: Array) -> Array:
        """Return a row of eigenvalues above the matrix of eigenvectors."""
        symmetric = np.tril(matrix) + np.tril(matrix, -1).T
        values, vectors = self.eigenpairs(symmetric)
        pairs = np.concatenate([values[None, :], vectors])
        for _ in range(2):
            pairs = np.stack([pair - self._newton(symmetric, pair[0], pair[1:]) for pair in pairs.T], axis=1)
        return pairs

    def _newton(self, matrix: Array, value: Any, vector: Array) -> Array:
        """Return Newton's step for an eigenvalue and its eigenvector."""
        n = len(matrix)
        shifted = matrix - np.diag(np.full(n, value))
        border = np.block([[-vector[:, None], shifted], [np.zeros((1, 1)), vector[None, :]]])
        residual = np.concatenate([shifted @ vector, [(vector @ vector - 1) / 2]])
        return self._solved(border, residual[:, None])[:, 0]

    def linalg_eigvalsh(self, a: Any) -> Any:
        """Return the eigenvalues of a symmetric matrix in ascending order, from its lower triangle."""
        return self.linalg_eigh(a)[0]

    def linalg_svd(self, a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
        """Return singular values that are not 0, with or without their vectors, from the eigenvectors of a' a."""
        rows, columns = self.unwrap(a).shape[-2:]
        transposed = self.swapaxes(a, -1, -2)
        if full_matrices and compute_uv and rows != columns:
            raise UnsupportedError(f"{self.system} has singular vectors of full_matrices=False only")
        if rows < columns:
            found = self.linalg_svd(transposed, False, compute_uv)
            return (self.swapaxes(found[2], -1, -2), found[1], self.swapaxes(found[0], -1, -2)) if compute_uv else found
        squares, vectors = self.linalg_eigh(self.matmul(transposed, a))
        values, right = self.sqrt(self.flip(squares, -1)), self.flip(vectors, -1)
        left = self.matmul(a, right) / values[..., None, :]
        return (left, values, self.swapaxes(right, -1, -2)) if compute_uv else values

    def linalg_norm(self, x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
        """Return the norm of vectors (any order) or matrices (Frobenius, 1, -1, inf, -inf)."""
        dimensions = self.unwrap(x).ndim
        axes = tuple(range(dimensions)) if axis is None else tuple(np.atleast_1d(axis))
        if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
            return self.sqrt(self.sum(self.square(x), axes, keepdims))
        if len(axes) == 1:
            return self._vector_norm(x, ord, axes[0], keepdims)
        if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
            return self._matrix_norm(x, ord, axes, keepdims)
        if len(axes) == 2 and ord in ("nuc", 2, -2):
            return self._spectral_norm(x, ord, axes, keepdims)
        raise UnsupportedError(f"{self.system} has no norm of order {ord!r} over {len(axes)} axes")

    def _vector_norm(self, x: Any, order: Any, axis: int, keepdims: bool) -> Any:
        if isinstance(order, str):
            raise ValueError(f"invalid norm order {order!r} for vectors")
        if order == 0:
            return self.sum(self.where(self.not_equal(x, 0.0), 1.0, 0.0), axis, keepdims)
        sizes = self.abs(x)
        if abs(order) == np.inf:
            return (self.max if order > 0 else self.min)(sizes, axis, keepdims)
        if order == 1:
            return self.sum(sizes, axis, keepdims)
        return self.power(self.sum(self.power(sizes, order), axis, keepdims), self.wrap(1.0 / order))

    def _matrix_norm(self, x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        summed, folded = axes if abs(order) == 1 else axes[::-1]
        sums = self.sum(self.abs(x), summed, keepdims=True)
        norms = (self.max if order > 0 else self.min)(sums, folded, keepdims=True)
        return norms if keepdims else self.squeeze(norms, axis=tuple(int(i) for i in axes))

    def _spectral_norm(self, x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        values = self.linalg_svd(self.moveaxis(x, axes, (-2, -1)), compute_uv=False)
        norm = self.sum(values, axis=-1) if order == "nuc" else values[..., 0 if order == 2 else -1]
        return self.expand_dims(norm, axes) if keepdims else norm

    def _batched(self, function: Callable[[Array], Any], matrices: Array, shape: tuple[int, ...]) -> Array:
        """Apply a function of one matrix over all leading axes."""
        matrices = matrices if self.holds_elements(matrices) else self.elements(matrices.astype(self.dtype))
        lead = matrices.shape[:-2]
        results = np.empty(lead + shape, matrices.dtype)
        for index in np.ndindex(lead):
            results[index] = function(matrices[index])
        return results

    def _eliminated(self, matrix: Array) -> tuple[Array, int]:
        """Return the upper triangle after Gaussian elimination, and the parity of its row exchanges."""
        rows, parity = matrix.copy(), 1
        for j in range(len(matrix)):
            chosen = j + self.pivot(list(rows[j:, j]))
            if chosen != j:
                rows[[j, chosen]], parity = rows[[chosen, j]], -parity
            for i in range(j + 1, len(matrix)):
                rows[i, j + 1 :] = rows[i, j + 1 :] - rows[j, j + 1 :] * (rows[i, j] / rows[j, j])
                rows[i, j] = rows[i, j] * 0
        return rows, parity

    def _solved(self, matrix: Array, right: Array) -> Array:
        """Solve by elimination on the extended matrix and back substitution."""
        n = len(matrix)
        rows, _ = self._eliminated(np.concatenate([matrix, right], axis=1))
        solution = rows[:, n:]
        for i in reversed(range(n)):
            for j in range(i + 1, n):
                solution[i] = solution[i] - solution[j] * rows[i, j]  # the array first: an element knows none
            solution[i] = solution[i] / rows[i, i]
        return solution

    # -- special functions --------------------------------------------------------------------

    def special_expit(self, x: Any) -> Any:
        """Return the logistic function, without overflow."""
        return self.exp(self.negative(self.logaddexp(0.0, self.negative(x))))

    def special_logit(self, x: Any) -> Any:
        """Return the inverse of the logistic function."""
        return self.subtract(self.log(x), self.log1p(self.negative(x)))

    def special_logsumexp(self, a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        """Return the logarithm of the sum of exponentials over axes."""
        return self._fold(self.logaddexp, a, axis, keepdims, "logsumexp")

    def special_log_softmax(self, x: Any, axis: Axis = None) -> Any:
        """Return the logarithm of the softmax over axes."""
        return self.subtract(x, self.special_logsumexp(x, axis, keepdims=True))

    def special_softmax(self, x: Any, axis: Axis = None) -> Any:
        """Return the exponentials divided by their sum over axes."""
        return self.exp(self.special_log_softmax(x, axis))

    def special_xlogy(self, x: Any, y: Any) -> Any:
        """Return x log(y), which is 0 at (0, 0)."""
        both = self.logical_and(self.equal(x, 0.0), self.equal(y, 0.0))
        return self.multiply(x, self.log(self.where(both, 1.0, y)))

    def special_ndtr(self, x: Any) -> Any:
        """Return the distribution function of the standard normal distribution."""
        return self.multiply(0.5, self.special_erfc(self.divide(self.negative(x), self.wrap(np.sqrt(2.0)))))

    def special_xlog1py(self, x: Any, y: Any) -> Any:
        """Return x log(1 + y), which is 0 at (0, -1)."""
        both = self.logical_and(self.equal(x, 0.0), self.equal(y, -1.0))
        return self.multiply(x, self.log1p(self.where(both, 0.0, y)))

    def special_entr(self, x: Any) -> Any:
        """Return -x log(x), which is 0 at 0."""
        return self.negative(self.special_xlogy(x, x))

    def special_rel_entr(self, x: Any, y: Any) -> Any:
        """Return x log(x / y), which is 0 at x = 0."""
        return self.subtract(self.special_xlogy(x, x), self.special_xlogy(x, y))

    def special_kl_div(self, x: Any, y: Any) -> Any:
        """Return x log(x / y) - x + y."""
        return self.add(self.subtract(self.special_rel_entr(x, y), x), y)

    def special_beta(self, a: Any, b: Any) -> Any:
        """Return the beta function."""
        return self.divide(
            self.multiply(self.special_gamma(a), self.special_gamma(b)), self.special_gamma(self.add(a, b))
        )

    def special_betaln(self, a: Any, b: Any) -> Any:
        """Return the logarithm of the absolute value of the beta function."""
        parts = self.add(self.special_gammaln(a), self.special_gammaln(b))
        return self.subtract(parts, self.special_gammaln(self.add(a, b)))

    def special_i0e(self, x: Any) -> Any:
        """Return exp(-|x|) times the modified Bessel function of order 0."""
        return self.multiply(self.exp(self.negative(self.abs(x))), self.special_i0(x))

    def special_i1e(self, x: Any) -> Any:
        """Return exp(-|x|) times the modified Bessel function of order 1."""
        return self.multiply(self.exp(self.negative(self.abs(x))), self.special_i1(x))


def determinant(matrix: Array) -> Any:
    """Return the determinant of a square matrix of elements by additions and multiplications alone.

    References
    ----------
    R. Bird, A simple division-free algorithm for computing determinants,
    Information Processing Letters 111 (2011), 1072-1074.
    """
    if not len(matrix):
        return 1
    product = matrix
    for _ in range(len(matrix) - 1):
        upper, below = np.triu(product, 1), 0
        for i in reversed(range(len(matrix))):
            upper[i, i] = -below
            below = below + product[i, i]
        product = upper @ matrix
    return product[0, 0] if len(matrix) % 2 else -product[0, 0]


def _axes(axis: Axis) -> Any:
    return axis if axis is None else tuple(int(i) for i in np.atleast_1d(axis))


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    """Return how many elements are reduced."""
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis)
    return int(np.prod([shape[int(i)] for i in axes], dtype=int))


def _square(matrices: Array) -> Array:
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise ValueError(f"a square matrix is needed, got shape {matrices.shape}")
    return matrices


def _holds_arrays(items: Iterable[Any]) -> bool:
    return any(
        _holds_arrays(item) if isinstance(item, (list, tuple)) else isinstance(item, ElementArray) for item in items
    )
