"""Cases, and the registry that holds them by name."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from gradcheck.errors import InputError, RegistrationError, UnknownNameError, first_line
from gradcheck.functions import DOUBLE, Function, Inputs, innermost, parse_argnums
from gradcheck.operators import Operator

F = TypeVar("F", bound=Callable[..., Any])

CATALOGUE = "gradcheck.catalogue"
"""The package whose cases ship with gradcheck."""

DEFAULT_POINT = "default"


@dataclass(frozen=True)
class Case:
    """A function, its inputs, the operators worth checking, and the known facts about it.

    Parameters
    ----------
    name : str
        Unique in the registry.
    function : Function
        What is checked, with its closed-form gradient where one is known.
    inputs : callable
        ``inputs(rng)`` returns the positional arguments as a tuple, or a mapping from point
        names to such tuples. `rng` is a `numpy.random.Generator` seeded by the case's name.
    operators : tuple of Operator
        The operators worth checking; empty means the gradient of a scalar function and the
        Jacobian of any other.
    argnums : int or sequence of int, optional
        The arguments to differentiate, where not all floating ones.
    tags : frozenset of str
        What a selection can name.
    source : str
        Paper, standard or manual that defines the function.
    module : str
        Where it was declared.
    double_only : frozenset of str
        Points that only double precision can hold, or what is computed there on the way.
    """

    name: str
    function: Function
    inputs: Callable[[np.random.Generator], Any]
    operators: tuple[Operator, ...] = ()
    argnums: int | tuple[int, ...] | None = None
    tags: frozenset[str] = frozenset()
    source: str = ""
    module: str = ""
    double_only: frozenset[str] = frozenset()

    @property
    def builtin(self) -> bool:
        """Whether it ships with gradcheck."""
        return self.module == CATALOGUE or self.module.startswith(CATALOGUE + ".")

    @property
    def field(self) -> str:
        """The chapter of the catalogue that it stands in, as ``native.special``; else its module."""
        return self.module.removeprefix(CATALOGUE + ".")

    def left_out(self, dtype: str | None) -> frozenset[str]:
        """Return the points that a dtype cannot hold."""
        return frozenset() if dtype in (None, *DOUBLE) else self.double_only

    def points(self, seed: int = 0, dtype: str | None = None) -> dict[str, Inputs]:
        """Return the inputs at each named point, but for those that the dtype cannot hold.

        Parameters
        ----------
        seed : int
            Varies the random inputs; together with the case's name it fixes them.
        dtype : str, optional
            The dtype to round to.

        Raises
        ------
        InputError
            If the case's ``inputs`` function fails, returns neither a tuple nor a mapping of tuples, or
            leaves the function's domain.
        """
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), seed])
        try:
            made = self.inputs(rng)
        except Exception as error:
            raise InputError(f"the inputs of case {self.name} failed: {first_line(error)}") from error
        named = made if isinstance(made, Mapping) else {DEFAULT_POINT: made}
        points = {}
        for point, args in named.items():
            if not isinstance(args, tuple):
                raise InputError(
                    f"the inputs of case {self.name} must be a tuple of arguments, or a mapping from point names to "
                    f"such tuples; got {type(args).__name__} for point {point!r} (a single argument is (x,))"
                )
            if str(point) in self.left_out(dtype):
                continue
            points[str(point)] = Inputs.of(args, parameters=self.function.parameters, dtype=dtype, argnums=self.argnums)
            self._keep_inside(points[str(point)], point)
        unknown = self.double_only - {str(point) for point in named}
        if unknown:
            raise UnknownNameError(f"point of {self.name} in double_only=", min(unknown), map(str, named))
        if not named:
            raise InputError(f"the inputs of case {self.name} name no point")
        return points

    def _keep_inside(self, inputs: Inputs, point: str) -> None:
        for label, array in zip(inputs.labels, inputs.arrays, strict=True):
            low, high = self.function.limits(label)
            if array.dtype.kind == "f" and not ((array >= low) & (array <= high)).all():
                raise InputError(
                    f"{label} of case {self.name} leaves its domain [{low:g}, {high:g}] at point {point!r}"
                )


class Registry:
    """Cases by name."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}
        self._by_function: dict[int, list[Case]] = {}

    def add(self, case: Case, function: Callable[..., Any] | None = None) -> None:
        """Register a case; a function of the same module and name (a reload) replaces the old one.

        Raises
        ------
        RegistrationError
            If another function has declared a case of that name.
        """
        old = self._cases.get(case.name)
        if old is not None and _declared_by(old) != _declared_by(case):
            (module, name), (first, taken_by) = _declared_by(case), _declared_by(old)
            who, owner = (module, first) if module != first else (name, f"{taken_by} of {first}")
            raise RegistrationError(
                f"case {case.name!r} of {who} is already registered by {owner}; give it another name="
            )
        self._cases[case.name] = case
        if function is not None:
            known = [c for c in self._by_function.get(id(function), []) if c.name != case.name]
            self._by_function[id(function)] = [*known, case]

    def __getitem__(self, name: str) -> Case:
        """Return a case by name.

        Raises
        ------
        UnknownNameError
            With the nearest names.
        """
        if name not in self._cases:
            raise UnknownNameError("case", name, self._cases)
        return self._cases[name]

    def __iter__(self) -> Any:
        return iter(sorted(self._cases.values(), key=lambda c: c.name))

    def __len__(self) -> int:
        return len(self._cases)

    def declared_by(self, function: Callable[..., Any]) -> list[Case]:
        """Return the cases that the decorator made of a function object."""
        return [c for c in self._by_function.get(id(function), []) if _made_of(c, function)]

    def select(self, patterns: Iterable[str] = ()) -> list[Case]:
        """Return the cases with any of these names or tags, sorted by name; all of them without patterns.

        Raises
        ------
        UnknownNameError
            If a pattern names neither a case nor a tag.
        """
        cases = list(self)
        wanted = list(patterns)
        if not wanted:
            return cases
        tags = {tag for c in cases for tag in c.tags}
        for pattern in wanted:
            if pattern not in self._cases and pattern not in tags:
                raise UnknownNameError("case or tag", pattern, {*self._cases, *tags})
        chosen = set(wanted)
        return [c for c in cases if c.name in chosen or chosen & c.tags]


def _declared_by(case: Case) -> tuple[str, str]:
    """Return the module and the qualified name of the function that a case was made of."""
    function = case.function.portable or next(iter(case.function.native.values()), None)
    return case.module, getattr(innermost(function), "__qualname__", "") if function is not None else ""


def _made_of(case: Case, function: Callable[..., Any]) -> bool:
    return case.function.portable is function or function in case.function.native.values()


registry = Registry()
"""The registry of this process."""


def case(
    *,
    inputs: Callable[[np.random.Generator], Any],
    name: str | None = None,
    operators: Sequence[str] = (),
    argnums: int | Sequence[int] | None = None,
    gradient: Callable[..., Any] | None = None,
    jacobian: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    hessian: Callable[..., Any] | None = None,
    native: Mapping[str, Callable[..., Any]] | None = None,
    domain: Mapping[str, tuple[float, float]] | None = None,
    tags: Iterable[str] = (),
    source: str = "",
    double_only: Iterable[str] = (),
) -> Callable[[F], F]:
    """Register a function as a case; the decorator returns the function unchanged.

    Parameters
    ----------
    inputs : callable
        ``inputs(rng)`` returns the positional arguments as a tuple, or ``{point name: tuple}``.
    name : str, optional
        By default the function's name.
    operators : sequence of str
        The operators worth checking; by default the gradient of a scalar function and the
        Jacobian of any other.
    argnums : int or sequence of int, optional
        The arguments to differentiate; by default all with floating leaves.
    gradient, jacobian, vjp, hessian : callable, optional
        Closed forms in NumPy, which take part as the engine ``analytic``: ``gradient(*args)``,
        ``jacobian(*args)``, ``vjp(args, cotangent)``, ``hessian(*args)``.
    native : mapping of str to callable, optional
        The function in frameworks' own words, which those backends then differentiate instead.
    domain : mapping of str to (float, float), optional
        For parameters with limits, the closed interval of their elements: ``{"x": (0, np.inf)}``.
        Finite differences stay inside it.
    tags : iterable of str
        What a selection can name.
    source : str
        Paper, standard or manual that defines the function.
    double_only : iterable of str
        Names of points that single precision cannot hold, or what is computed there on the way: they are left
        out, and the report says so, where the check has a narrower dtype than float64.

    Returns
    -------
    callable
        The decorator.

    Raises
    ------
    RegistrationError
        If the declaration is malformed or another function has taken the name.
    UnknownNameError
        For an operator, or a parameter in `domain`, that does not exist.
    InputError
        If `argnums` is no integer and no sequence of integers.

    Examples
    --------
    >>> import gradcheck
    >>> @gradcheck.case(inputs=lambda rng: (rng.normal(size=5),), tags=["loss"], source="Rosenblatt 1958")
    ... def perceptron(xp, w):
    ...     return xp.sum(xp.maximum(0.0, 1.0 - w))
    """
    if not callable(inputs):
        raise RegistrationError(f"inputs= must be a function of rng, got {type(inputs).__name__}")
    if name is not None and not isinstance(name, str):
        raise RegistrationError(f"name= must be a string, got {type(name).__name__}")
    for option, given in (("operators", operators), ("tags", tags), ("double_only", double_only)):
        if isinstance(given, str):
            raise RegistrationError(f"{option}= is a sequence of strings, got one string; write [{given!r}]")
    unknown = [o for o in operators if o not in set(Operator)]
    if unknown:
        raise UnknownNameError("operator", str(unknown[0]), [o.value for o in Operator])
    numbers = None if argnums is None else parse_argnums(argnums)

    def register(f: F) -> F:
        if not callable(f):
            raise RegistrationError(f"@gradcheck.case decorates a function, got {type(f).__name__}")
        written = _written(f, native, gradient=gradient, jacobian=jacobian, vjp=vjp, hessian=hessian)
        for parameter in domain or ():
            if parameter not in written.parameters:
                raise UnknownNameError(f"parameter of {written.name}", parameter, written.parameters)
        own = name or written.name
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*", own):
            raise RegistrationError(
                f"a case's name is letters, digits, '_', '-' and '.', got {own!r}; give it another with name="
            )
        function = replace(written, name=own, domain=dict(domain or {}))
        registry.add(
            Case(
                own,
                function,
                inputs,
                tuple(Operator(o) for o in operators),
                numbers,
                frozenset(tags),
                source,
                getattr(innermost(f), "__module__", None) or "",
                frozenset(double_only),
            ),
            f,
        )
        return f

    return register


def _written(f: Callable[..., Any], native: Mapping[str, Callable[..., Any]] | None, **rules: Any) -> Function:
    """Return the function with its rules and its other native forms."""
    try:
        own = Function.of(f, **rules)
        others = Function.of(native).native if native else {}
    except InputError as error:
        raise RegistrationError(str(error)) from error
    return replace(own, native={**own.native, **others})
