"""Forward-mode dual numbers over NumPy: a third party's backend, small and complete.

An array carries its value and its tangent. Linear functions are applied to both, products
follow Leibniz, elementwise functions have a table of derivatives, and everything else is composed.
"""

import numpy as np
import scipy.special

from gradcheck import Backend
from gradcheck.namespaces import FUNCTIONS, PortableArray

LINEAR = (
    "positive", "negative", "sum", "mean", "cumsum", "reshape", "ravel", "transpose", "swapaxes", "moveaxis",
    "expand_dims", "squeeze", "broadcast_to", "flip", "roll", "tile", "repeat", "take", "diff", "diag", "diagonal",
    "trace", "tril", "triu", "real", "imag", "conj",
)  # fmt: skip
BILINEAR = ("multiply", "matmul", "dot", "inner", "outer", "tensordot", "kron", "cross")
MASKS = (
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or",
    "logical_not", "argmax", "argmin", "argsort",
)  # fmt: skip
CREATION = ("zeros", "ones", "full", "eye", "arange", "linspace", "zeros_like", "ones_like", "full_like")
FLAT = ("sign", "floor", "ceil")
SLOPES = {
    "abs": lambda x, y: np.sign(x),
    "sqrt": lambda x, y: 0.5 / y,
    "cbrt": lambda x, y: y / (3.0 * x),
    "square": lambda x, y: 2.0 * x,
    "reciprocal": lambda x, y: -y * y,
    "exp": lambda x, y: y,
    "exp2": lambda x, y: y * np.log(2.0),
    "expm1": lambda x, y: y + 1.0,
    "log": lambda x, y: 1.0 / x,
    "log2": lambda x, y: 1.0 / (x * np.log(2.0)),
    "log10": lambda x, y: 1.0 / (x * np.log(10.0)),
    "log1p": lambda x, y: 1.0 / (1.0 + x),
    "sin": lambda x, y: np.cos(x),
    "cos": lambda x, y: -np.sin(x),
    "tan": lambda x, y: 1.0 + y * y,
    "arcsin": lambda x, y: 1.0 / np.sqrt(1.0 - x * x),
    "arccos": lambda x, y: -1.0 / np.sqrt(1.0 - x * x),
    "arctan": lambda x, y: 1.0 / (1.0 + x * x),
    "sinh": lambda x, y: np.cosh(x),
    "cosh": lambda x, y: np.sinh(x),
    "tanh": lambda x, y: 1.0 - y * y,
    "arcsinh": lambda x, y: 1.0 / np.sqrt(x * x + 1.0),
    "arccosh": lambda x, y: 1.0 / np.sqrt(x * x - 1.0),
    "arctanh": lambda x, y: 1.0 / (1.0 - x * x),
    "sinc": lambda x, y: (np.cos(np.pi * x) - y) / x,
    "special.erf": lambda x, y: 2.0 / np.sqrt(np.pi) * np.exp(-x * x),
    "special.erfc": lambda x, y: -2.0 / np.sqrt(np.pi) * np.exp(-x * x),
    "special.gammaln": lambda x, y: scipy.special.digamma(x),
    "special.digamma": lambda x, y: scipy.special.polygamma(1, x),
    "special.expit": lambda x, y: y * (1.0 - y),
    "special.logit": lambda x, y: 1.0 / (x * (1.0 - x)),
    "special.ndtr": lambda x, y: np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi),
}


class Dual(PortableArray):
    """An array and its tangent, of one shape."""

    __slots__ = ("tangent", "value", "xp")

    def __init__(self, xp, value, tangent=None):
        self.xp, self.value = xp, np.asarray(value)
        self.tangent = np.zeros_like(self.value) if tangent is None else np.asarray(tangent, self.value.dtype)

    @property
    def shape(self):
        return self.value.shape

    @property
    def dtype(self):
        return self.value.dtype


def _numpy(name):
    module, _, function = name.rpartition(".")
    return getattr({"": np, "linalg": np.linalg, "special": scipy.special}[module], function)


def value(x):
    """Return what NumPy computes with: the value of a dual array, or of each in a list."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(value, x))
    return x.value if isinstance(x, Dual) else x


def tangent(x):
    """Return the tangent; of a constant, zero."""
    return x.tangent if isinstance(x, Dual) else 0.0 * x


class DualNamespace:
    """The vocabulary on dual arrays: a method, or one of the tables above."""

    pi, e, inf, nan, newaxis = np.pi, np.e, np.inf, np.nan, None

    def __init__(self, dtype, prefix="", root=None):
        self._dtype, self._prefix, self._root = dtype, prefix, root or self
        if not prefix:
            for module in ("linalg", "fft", "special"):
                setattr(self, module, DualNamespace(dtype, f"{module}.", self))

    def __getattr__(self, name):
        name = self._prefix + name
        if name not in FUNCTIONS:
            from gradcheck.errors import UnknownNameError

            raise UnknownNameError("function of xp", name, FUNCTIONS)
        own = getattr(type(self), "_" + name.replace(".", "_"), None)
        if own is not None:
            return lambda *args, **options: own(self._root, *args, **options)
        for names, rule in ((LINEAR, "linear"), (BILINEAR, "bilinear"), (MASKS, "mask"), (CREATION, "create")):
            if name in names:
                return lambda *args, **options: getattr(self._root, f"_by_{rule}")(_numpy(name), *args, **options)
        if name in SLOPES:
            return lambda x: self._root._by_slope(name, x)
        if name in FLAT:
            return lambda x: Dual(self._root, _numpy(name)(value(x)))
        raise NotImplementedError(f"dual numbers have no {name}")

    # -- rules --------------------------------------------------------------------------------

    def _by_linear(self, f, x, *args, **options):
        args = [value(a) for a in args]
        return Dual(self, f(value(x), *args, **options), f(tangent(x), *args, **options))

    def _by_bilinear(self, f, x, y, **options):
        slope = f(tangent(x), value(y), **options) + f(value(x), tangent(y), **options)
        return Dual(self, f(value(x), value(y), **options), slope)

    def _by_mask(self, f, *args, **options):
        return Dual(self, f(*map(value, args), **options))

    def _by_create(self, f, *args, **options):
        made = np.asarray(f(*map(value, args), **options))
        return Dual(self, made.astype(self._dtype) if made.dtype.kind == "f" else made)

    def _by_slope(self, name, x):
        y = _numpy(name)(value(x))
        return Dual(self, y, SLOPES[name](value(x), y) * tangent(x))

    # -- functions that are none of these -----------------------------------------------------

    def _asarray(self, x, dtype=None):
        return x if isinstance(x, Dual) else self._by_create(np.asarray, x, dtype=dtype)

    def _getitem(self, x, key):
        key = tuple(map(value, key)) if isinstance(key, tuple) else value(key)
        return Dual(self, x.value[key], x.tangent[key])

    getitem = _getitem

    def _add(self, x, y):
        return Dual(self, value(x) + value(y), np.add(tangent(x), tangent(y)))

    def _subtract(self, x, y):
        return Dual(self, value(x) - value(y), np.subtract(tangent(x), tangent(y)))

    def _divide(self, x, y):
        quotient = value(x) / value(y)
        return Dual(self, quotient, (tangent(x) - quotient * tangent(y)) / value(y))

    def _power(self, x, y):
        a, b = value(x), value(y)
        slope = b * a ** (b - 1.0) * tangent(x)
        if np.any(tangent(y)):
            slope = slope + a**b * np.log(a) * tangent(y)
        return Dual(self, a**b, slope)

    def _logaddexp(self, x, y):
        return self.maximum(x, y) + self.log1p(self.exp(-self.abs(self.subtract(x, y))))

    def _arctan2(self, y, x):
        slope = (value(x) * tangent(y) - value(y) * tangent(x)) / (np.square(value(x)) + np.square(value(y)))
        return Dual(self, np.arctan2(value(y), value(x)), slope)

    def _hypot(self, x, y):
        return self.sqrt(self.multiply(x, x) + self.multiply(y, y))

    def _special_xlogy(self, x, y):
        return Dual(self, scipy.special.xlogy(value(x), value(y)),
                    tangent(x) * np.log(value(y)) + value(x) / value(y) * tangent(y))  # fmt: skip

    def _where(self, mask, x, y):
        f = lambda x, y: np.where(value(mask), x, y)  # noqa: E731
        made = f(value(x), value(y))
        return Dual(self, made.astype(self._dtype), f(tangent(x), tangent(y)).astype(self._dtype))

    def _maximum(self, x, y):
        return self.where(np.greater(value(x), value(y)), x, y)

    def _minimum(self, x, y):
        return self.where(np.less(value(x), value(y)), x, y)

    def _clip(self, x, low, high):
        x = x if low is None else self.maximum(x, low)
        return x if high is None else self.minimum(x, high)

    def _concatenate(self, arrays, axis=0):
        return Dual(self, *(np.concatenate([part(a) for a in arrays], axis) for part in (value, tangent)))

    def _stack(self, arrays, axis=0):
        return Dual(self, *(np.stack([part(a) for a in arrays], axis) for part in (value, tangent)))

    def _pad(self, x, width, **options):
        return Dual(self, np.pad(x.value, width, **options), np.pad(x.tangent, width))

    def _take_along_axis(self, x, indices, axis):
        return self._by_linear(np.take_along_axis, x, value(indices), axis)

    def _sort(self, x, axis=-1):
        return self.take_along_axis(x, np.argsort(x.value, axis), axis)

    def _var(self, x, axis=None, ddof=0, keepdims=False):
        centred = x - self.mean(x, axis=axis, keepdims=True)
        total = self.sum(centred * centred, axis=axis, keepdims=keepdims)
        return total / (x.size // np.size(np.sum(x.value, axis=axis)) - ddof)

    def _std(self, x, axis=None, ddof=0, keepdims=False):
        return self.sqrt(self.var(x, axis, ddof, keepdims))

    def _max(self, x, axis=None, keepdims=False):
        chosen = x.value == np.max(x.value, axis=axis, keepdims=True)
        return self.sum(self.where(chosen, x, 0.0), axis=axis, keepdims=keepdims)

    def _min(self, x, axis=None, keepdims=False):
        return -self.max(-x, axis, keepdims)

    def _prod(self, x, axis=None, keepdims=False):
        axis = axis if axis is not None else tuple(range(x.ndim))
        moved = np.moveaxis(x.value, axis, range(-np.size(axis), 0)).reshape((*self._kept(x, axis), -1))
        slope = np.moveaxis(x.tangent, axis, range(-np.size(axis), 0)).reshape(moved.shape)
        n = moved.shape[-1]
        others = np.prod(np.where(np.eye(n, dtype=bool), 1.0, moved[..., None, :]), axis=-1)
        shape = np.sum(x.value, axis=axis, keepdims=keepdims).shape
        return Dual(self, np.prod(moved, -1).reshape(shape), np.sum(others * slope, -1).reshape(shape))

    @staticmethod
    def _kept(x, axis):
        gone = {a % max(x.ndim, 1) for a in np.atleast_1d(np.asarray(axis, int))}
        return tuple(n for i, n in enumerate(x.shape) if i not in gone)

    def _cumprod(self, x, axis=None):
        x, axis = (self.ravel(x), 0) if axis is None else (x, axis)
        heads = [np.arange(1, k + 1) for k in range(1, x.shape[axis] + 1)]
        return self.stack([self.prod(self.take(x, head - 1, axis=axis), axis=axis) for head in heads], axis=axis)

    def _median(self, x, axis=None, keepdims=False):
        shape = np.median(x.value, axis=axis, keepdims=keepdims).shape
        x, axis = (self.ravel(x), 0) if axis is None else (x, axis)
        x, n = self.sort(x, axis), x.shape[axis]
        middle = self.take(x, [(n - 1) // 2], axis=axis) + self.take(x, [n // 2], axis=axis)
        return self.reshape(0.5 * middle, shape)

    def _einsum(self, subscripts, *arrays):
        values = [value(a) for a in arrays]
        slopes = [np.einsum(subscripts, *values[:i], tangent(a), *values[i + 1 :]) for i, a in enumerate(arrays)]
        return Dual(self, np.einsum(subscripts, *values), sum(slopes))

    def _linalg_inv(self, a):
        inverse = np.linalg.inv(value(a))
        return Dual(self, inverse, -inverse @ tangent(a) @ inverse)

    def _linalg_solve(self, a, b):
        x = np.linalg.solve(value(a), value(b))
        return Dual(self, x, np.linalg.solve(value(a), tangent(b) - tangent(a) @ x))

    def _linalg_slogdet(self, a):
        sign, logarithm = np.linalg.slogdet(value(a))
        slope = np.trace(np.linalg.solve(value(a), tangent(a)), axis1=-2, axis2=-1)
        return Dual(self, sign), Dual(self, logarithm, slope)

    def _linalg_det(self, a):
        sign, logarithm = self.linalg.slogdet(a)
        return sign * self.exp(logarithm)

    def _linalg_norm(self, x, ord=None, axis=None, keepdims=False):
        if ord is None:
            return self.sqrt(self.sum(x * x, axis=axis, keepdims=keepdims))
        if ord not in (1, np.inf):
            raise NotImplementedError(f"dual numbers have no norm of order {ord}")
        reduce = {1: self.sum, np.inf: self.max}[ord]
        return reduce(self.abs(x), axis=axis, keepdims=keepdims)

    def _linalg_matrix_power(self, a, n):
        a = self.linalg.inv(a) if n < 0 else a
        power = self.eye(a.shape[0])
        for _ in range(abs(n)):
            power = power @ a
        return power

    def _special_logsumexp(self, x, axis=None, keepdims=False):
        top = np.max(x.value, axis=axis, keepdims=True)
        total = self.log(self.sum(self.exp(x - top), axis=axis, keepdims=True)) + top
        return total if keepdims else self.reshape(total, np.sum(x.value, axis=axis).shape)

    def _special_log_softmax(self, x, axis=None):
        return x - self.special.logsumexp(x, axis=axis, keepdims=True)

    def _special_softmax(self, x, axis=None):
        return self.exp(self.special.log_softmax(x, axis))


class DualBackend(Backend):
    """Only the pushforward is native; gradcheck derives the other first-order operators from it."""

    name = "dual"
    modes = {"forward": "forward-mode dual numbers"}
    frameworks = ("gradcheck-dual", "numpy")

    def namespace(self, dtype):
        return DualNamespace(dtype)

    def asarray(self, array):
        return Dual(DualNamespace(array.dtype), np.array(array))

    def to_numpy(self, array):
        return np.array(value(array))

    def is_array(self, leaf):
        return isinstance(leaf, Dual) and leaf.value.dtype.kind == "f"

    def value(self, bound, mode):
        def kernel(leaves):
            with np.errstate(all="ignore"):
                return bound(leaves)

        return kernel

    def jvp(self, bound, mode):
        def kernel(leaves, tangents):
            moving = [Dual(x.xp, x.value, v.value) for x, v in zip(leaves, tangents, strict=True)]
            return [Dual(y.xp, y.tangent) for y in bound(moving)]

        return kernel

    def unsupported(self, error, operator):
        return str(error) if isinstance(error, NotImplementedError) else None
