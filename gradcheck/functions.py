"""Functions under check and the points at which they are differentiated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import optree
from numpy.typing import NDArray

from gradcheck.errors import InputError, first_line

Array = NDArray[Any]

PORTABLE = "portable"
"""The key of the portable form in a mapping of native functions."""

HALVES = ("bfloat16", "float16")
"""The dtypes of half precision, which only frameworks have; NumPy knows the first by way of ml_dtypes."""

DTYPES = (*HALVES, "float32", "float64", "complex64", "complex128")
"""The dtypes that a check can have."""

DOUBLE = ("float64", "complex128")
"""Those of double precision."""

SINGLE = ("float32", "complex64")
"""Those of single precision."""


@dataclass(frozen=True)
class Function:
    """A function under check, in every form that is known of it.

    Parameters
    ----------
    name : str
        How reports call it.
    parameters : tuple of str
        The names of its positional parameters (without ``xp``); reports name arguments by them.
    portable : callable, optional
        ``f(xp, *args)``, written once against a namespace in NumPy's vocabulary.
    native : mapping of str to callable
        ``f(*args)`` for a framework's own arrays, by backend; the key ``"numpy"`` is a plain NumPy function.
    gradient, jacobian, vjp, hessian : callable, optional
        Rules written by hand, in NumPy: ``gradient(*args)``, ``jacobian(*args)``, ``vjp(args, cotangent)``,
        ``hessian(*args)``.
    domain : mapping of str to (float, float)
        For parameters with limits, the closed interval of their elements; differences stay inside it.
    """

    name: str
    parameters: tuple[str, ...] = ()
    portable: Callable[..., Any] | None = None
    native: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    gradient: Callable[..., Any] | None = None
    jacobian: Callable[..., Any] | None = None
    vjp: Callable[..., Any] | None = None
    hessian: Callable[..., Any] | None = None
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        f: Callable[..., Any] | Mapping[str, Callable[..., Any]] | Function,
        *,
        gradient: Callable[..., Any] | None = None,
        jacobian: Callable[..., Any] | None = None,
        vjp: Callable[..., Any] | None = None,
        hessian: Callable[..., Any] | None = None,
    ) -> Function:
        """Sort out what a user handed in.

        A callable whose first parameter is named ``xp`` is portable; any other bare callable
        is native NumPy; a mapping holds one native function for each backend, and under ``"portable"``
        a portable one. A rule that is given with a `Function` takes the place of its own.

        Raises
        ------
        InputError
            If `f` is neither callable nor a non-empty mapping of callables, or a rule is not callable.
        """
        rules: dict[str, Any] = {"gradient": gradient, "jacobian": jacobian, "vjp": vjp, "hessian": hessian}
        for rule, written in rules.items():
            if written is not None and not callable(written):
                raise InputError(f"{rule}= must be a function, got {type(written).__name__}")
        if isinstance(f, Function):
            return replace(f, **{rule: written for rule, written in rules.items() if written is not None})
        if isinstance(f, Mapping):
            if not f:
                raise InputError("the mapping of native functions is empty; wanted {'torch': f, ...}")
            for key, value in f.items():
                if not (isinstance(key, str) and callable(value)):
                    raise InputError(
                        f"native functions must map backend names to callables, got {key!r}: {type(value).__name__}"
                    )
            native = {key: value for key, value in f.items() if key != PORTABLE}
            portable = cls.of(f[PORTABLE]) if PORTABLE in f else None
            if portable is not None and portable.portable is None:
                raise InputError(f"the first parameter of a portable function is xp, got {portable.parameters}")
            any_form = next(iter(f.values()))
            first = portable or cls(_name(any_form), _parameters(any_form))
            return cls(first.name, first.parameters, first.portable, native, **rules)
        if not callable(f):
            raise InputError(
                f"wanted a function or a mapping from backend to function, got {type(f).__name__}: {f!r:.80}"
            )
        parameters = _parameters(f)
        if parameters[:1] == ("xp",):
            return cls(_name(f), parameters[1:], f, {}, **rules)
        return cls(_name(f), parameters, None, {"numpy": f}, **rules)

    @property
    def has_rule(self) -> bool:
        """Whether a gradient, Jacobian, VJP or Hessian was written by hand."""
        return self.has_first_order_rule or self.hessian is not None

    @property
    def has_first_order_rule(self) -> bool:
        """Whether a gradient, Jacobian or VJP was written by hand."""
        return not (self.gradient is None and self.jacobian is None and self.vjp is None)

    def limits(self, label: str) -> tuple[float, float]:
        """Return the interval of a differentiated leaf, by its label; without limits, all numbers."""
        return self.domain.get(label.partition("[")[0], (-np.inf, np.inf))


def innermost(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function inside `functools.partial` objects; any other callable itself."""
    while isinstance(f, partial):
        f = f.func
    return f


def _name(f: Callable[..., Any]) -> str:
    inner = innermost(f)
    return str(getattr(inner, "__name__", None) or type(inner).__name__)


def _parameters(f: Callable[..., Any]) -> tuple[str, ...]:
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return ()  # builtins and extension functions need not have a signature
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(p.name for p in signature.parameters.values() if p.kind in positional)


@dataclass(frozen=True)
class Inputs:
    """The arguments of one call: a pytree whose floating leaves are differentiated.

    Build it with `Inputs.of`, which rounds the leaves once to the dtype of the check, so that
    every engine and referee gets exactly the same numbers.

    Parameters
    ----------
    leaves : tuple
        All leaves of the positional arguments; arrays are NumPy's and read-only.
    structure : optree.PyTreeSpec
        The structure of the tuple of positional arguments.
    active : tuple of int
        Which leaves are differentiated.
    labels : tuple of str
        How reports name each differentiated leaf: ``x``, ``params['w']``.
    dtype : numpy.dtype
        The dtype of the check; complex leaves have its complex counterpart.
    """

    leaves: tuple[Any, ...]
    structure: optree.PyTreeSpec
    active: tuple[int, ...]
    labels: tuple[str, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(
        cls,
        args: Sequence[Any],
        *,
        parameters: Sequence[str] = (),
        dtype: str | None = None,
        argnums: int | Sequence[int] | None = None,
    ) -> Inputs:
        """Flatten, round and validate positional arguments.

        Parameters
        ----------
        args : sequence of pytrees
            Lists, tuples and dicts are nodes; arrays and numbers are leaves, which are copied.
            Python floats are 0-d float64; integer and boolean leaves are constants.
        parameters : sequence of str
            Names for the arguments.
        dtype : str, optional
            One of `DTYPES`; by default the widest dtype of the floating leaves.
        argnums : int or sequence of int, optional
            The arguments to differentiate; by default all that have floating leaves.

        Raises
        ------
        InputError
            If there is nothing to differentiate, `argnums` names no argument that can be, or a leaf
            is NaN, masked, too large for `dtype`, of object dtype, or of a dtype that cannot be checked.
        """
        if dtype is not None and dtype not in DTYPES:
            raise InputError(f"dtype must be one of {', '.join(DTYPES)}; got {dtype!r}")
        arguments: Any = tuple(args)
        raw, structure = optree.tree_flatten(arguments)
        labels = _labels(structure, len(args), parameters)
        owners = [path[0] for path in structure.paths()]
        leaves = [_leaf(leaf, label) for leaf, label in zip(raw, labels, strict=True)]
        floating = [i for i, leaf in enumerate(leaves) if _is_floating(leaf)]
        wanted = _wanted(argnums, len(args))
        active = [i for i in floating if wanted is None or owners[i] in wanted]
        for argument in sorted(wanted or ()):
            if argument not in {owners[i] for i in active}:
                kinds = ", ".join(_kind(leaves[i]) for i, o in enumerate(owners) if o == argument) or "nothing"
                raise InputError(
                    f"argnums names argument {argument}, which has no floating-point leaf (it holds {kinds}); "
                    "only floating-point or complex arrays can be differentiated"
                )
        if not active:
            kinds = ", ".join(f"{label}: {_kind(leaf)}" for label, leaf in zip(labels, leaves, strict=True))
            raise InputError(
                f"nothing to differentiate: no floating-point leaf among the inputs ({kinds or 'no inputs'}); "
                "pass at least one float or floating-point array"
            )
        check_dtype = _check_dtype([leaves[i] for i in floating], dtype)
        for i in floating:
            leaves[i] = _rounded(leaves[i], check_dtype, labels[i])
        return cls(tuple(leaves), structure, tuple(active), tuple(labels[i] for i in active), check_dtype)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The differentiated leaves."""
        return tuple(self.leaves[i] for i in self.active)

    @property
    def size(self) -> int:
        """The number of differentiated elements."""
        return sum(a.size for a in self.arrays)

    def moved(self, arrays: Sequence[Array]) -> Inputs:
        """Return the same inputs with other values in the differentiated leaves."""
        leaves = list(self.leaves)
        for i, array in zip(self.active, arrays, strict=True):
            leaves[i] = _read_only(np.asarray(array, dtype=self.leaves[i].dtype))
        return Inputs(tuple(leaves), self.structure, self.active, self.labels, self.dtype)

    def with_dtype(self, dtype: str) -> Inputs:
        """Return the same numbers in another dtype, complex leaves in its complex counterpart."""
        leaves = [_rounded(leaf, np.dtype(dtype), "input") if _is_floating(leaf) else leaf for leaf in self.leaves]
        return Inputs(tuple(leaves), self.structure, self.active, self.labels, np.dtype(dtype))

    @property
    def signature(self) -> Hashable:
        """What a prepared derivative depends on: structure, shapes, dtypes and constants, not the point."""
        active = set(self.active)
        leaves = tuple(
            (leaf.shape, leaf.dtype.str, None if i in active else leaf.tobytes())
            if isinstance(leaf, np.ndarray)
            else (type(leaf), repr(leaf))
            for i, leaf in enumerate(self.leaves)
        )
        return self.structure, self.active, self.dtype, leaves

    @property
    def template(self) -> Any:
        """The positional arguments with the number of each leaf in its place."""
        return optree.tree_unflatten(self.structure, range(len(self.leaves)))

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The positional arguments; their arrays are read-only."""
        return tuple(optree.tree_unflatten(self.structure, self.leaves))

    def tree(self, active: Sequence[Any]) -> Any:
        """Arrange one object for each differentiated leaf like the inputs, None for the others.

        A single positional argument gives its own tree; several give a tuple.
        """
        leaves: list[Any] = [None] * len(self.leaves)
        for i, array in zip(self.active, active, strict=True):
            leaves[i] = array
        tree = optree.tree_unflatten(self.structure, leaves)
        return tree[0] if len(tree) == 1 else tree


def _labels(structure: optree.PyTreeSpec, count: int, parameters: Sequence[str]) -> list[str]:
    names = [parameters[i] if i < len(parameters) else f"argument {i}" for i in range(count)]
    return [names[path[0]] + "".join(f"[{entry!r}]" for entry in path[1:]) for path in structure.paths()]


def _leaf(leaf: Any, label: str) -> Any:
    if isinstance(leaf, (bool, int, str, bytes)) or leaf is None:
        return leaf
    if isinstance(leaf, (float, complex)):
        return np.asarray(leaf)
    return _array(leaf, label) if hasattr(leaf, "__array__") else leaf


def _array(leaf: Any, label: str) -> Array:
    """Copy any framework's array to a read-only one of NumPy."""
    if isinstance(leaf, np.ma.MaskedArray):
        raise InputError(f"{label} is a masked array, and no engine knows masks; fill it or select from it first")
    detach = getattr(leaf, "detach", None)  # a torch tensor that requires grad refuses __array__
    try:
        array = np.asarray(leaf if detach is None else detach())
    except Exception as error:
        raise InputError(f"{label} cannot be converted to a NumPy array: {first_line(error)}") from error
    if array.dtype == object:
        raise InputError(f"{label} is an array of dtype object; convert it first, as with .astype(float)")
    return _read_only(array)


def _is_floating(leaf: Any) -> bool:
    # kind V: ml_dtypes' bfloat16, and the float8 family, which _check_dtype refuses by name
    return isinstance(leaf, np.ndarray) and (leaf.dtype.kind in "fc" or "float" in leaf.dtype.name)


def _kind(leaf: Any) -> str:
    return f"{leaf.dtype} array" if isinstance(leaf, np.ndarray) else type(leaf).__name__


def parse_argnums(argnums: Any) -> int | tuple[int, ...]:
    """Return `argnums` as Python's integers.

    Raises
    ------
    InputError
        If it is neither an integer nor a non-empty sequence of integers.
    """
    several = isinstance(argnums, Sequence)
    numbers = list(argnums) if several else [argnums]
    if not numbers or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in numbers):
        raise InputError(f"argnums must be an integer or a non-empty sequence of integers, got {argnums!r}")
    parsed = tuple(int(n) for n in numbers)
    return parsed if several else parsed[0]


def _wanted(argnums: int | Sequence[int] | None, count: int) -> set[int] | None:
    if argnums is None:
        return None
    parsed = parse_argnums(argnums)
    numbers = (parsed,) if isinstance(parsed, int) else parsed
    for number in numbers:
        if not -count <= number < count:
            raise InputError(f"argnums {number} is out of range for {count} positional argument(s)")
    return {number % count for number in numbers}


def _check_dtype(leaves: Sequence[Array], dtype: str | None) -> np.dtype[Any]:
    for leaf in leaves:
        if leaf.dtype.name not in DTYPES and dtype is None:
            raise InputError(
                f"cannot check in {leaf.dtype.name}; pass dtype='float32' or dtype='float64' to round the inputs to it"
            )
    if dtype is not None:
        return np.dtype(dtype)
    return np.result_type(*leaves) if leaves else np.dtype("float64")


def _rounded(leaf: Array, dtype: np.dtype[Any], label: str) -> Array:
    if leaf.dtype.kind == "c" and is_real(dtype):
        dtype = np.result_type(dtype, np.complex64)
    elif dtype.kind == "c" and is_real(leaf.dtype):
        dtype = real_dtype(dtype)
    if np.isnan(leaf).any():
        where = np.argwhere(np.isnan(leaf))[0]
        raise InputError(f"{label} is NaN at index {tuple(int(i) for i in where)}; a derivative at NaN means nothing")
    with np.errstate(over="ignore"):
        rounded = np.array(leaf, dtype=dtype)
    if (np.isinf(rounded) & ~np.isinf(leaf)).any():
        raise InputError(f"{label} overflows {dtype}; use a wider dtype or smaller inputs")
    return _read_only(rounded)


def _read_only(array: Array) -> Array:
    array = np.array(array)
    array.flags.writeable = False
    return array


def moved_by_ulps(array: Array, rng: np.random.Generator, most: int = 1, *, eps: float | None = None) -> Array:
    """Return an array with each element moved up or down by 1 to `most` ulps: its own, or `eps` of its size."""
    ulps = rng.choice([-1.0, 1.0], size=array.shape) * rng.integers(1, most, size=array.shape, endpoint=True)
    moved: Array = np.asarray(array * (1 + ulps * float(eps or finfo(array.dtype).eps))).astype(array.dtype)
    return moved


def finfo(dtype: np.dtype[Any]) -> Any:
    """Return the machine limits of a floating or complex dtype, as `numpy.finfo`; of bfloat16, too."""
    return ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]


def is_real(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is floating and not complex; to NumPy bfloat16 is of another kind."""
    return dtype.kind == "f" or dtype.name in HALVES


def real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of the real and imaginary parts: float64 for complex128 and float64."""
    real: np.dtype[Any] = np.dtype(finfo(dtype).dtype)
    return real
