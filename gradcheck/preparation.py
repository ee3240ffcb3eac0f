"""One operator of one function, ready to run on one engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.binding import Bound
from gradcheck.errors import FunctionError, InputError, WrongShapeError
from gradcheck.estimates import Engine, Estimate, Measured
from gradcheck.functions import Array, is_real
from gradcheck.operators import Operator

if TYPE_CHECKING:
    from gradcheck.backend import Backend

Kernel = Callable[..., Sequence[Any]]
"""``kernel(leaves, *seeds) -> arrays``, all in the framework's own arrays.

``leaves`` is a list with one array for each differentiated leaf; an operator with a seed gets one
more list (tangents like the leaves, cotangents like the outputs). What it returns is a flat list:
``value`` and ``jvp`` one array an output; ``gradient``, ``vjp`` and ``hvp`` one a leaf;
``jacobian`` one for each (output, leaf) pair, outputs outermost; ``hessian`` one for each (leaf, leaf) pair.
"""


class Prepared:
    """One operator of one function, bound to one engine and ready to run.

    The steps of `run` are apart, so that a benchmark can time the execution alone.

    Attributes
    ----------
    engine : Engine
        Who runs it.
    bound : Bound
        The function, bound to the engine's framework.
    operator : Operator
        What is computed.
    native : bool
        Whether the framework's own operator is used.
    """

    def __init__(
        self, backend: Backend, engine: Engine, bound: Bound, operator: Operator, kernel: Kernel, native: bool
    ) -> None:
        self._backend, self._kernel = backend, kernel
        self.engine, self.bound, self.operator, self.native = engine, bound, operator, native

    def load(self, *groups: Sequence[Array]) -> list[list[Any]]:
        """Convert leaves, and seeds where the operator has them, to what `execute` takes."""
        with self._scope():
            return self._load(groups)

    def execute(self, groups: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Run the kernel on loaded arrays and wait until the result is there."""
        with self._scope():
            return self._execute(groups)

    def fetch(self, results: Sequence[Any]) -> list[Array | Measured]:
        """Convert what `execute` returned to NumPy."""
        with self._scope():
            return self._fetch(results)

    def run(
        self, *groups: Sequence[Array], laid: Mapping[int, Sequence[Any]] | None = None, watched: bool = True
    ) -> list[Array | Measured]:
        """Load, execute and fetch.

        Parameters
        ----------
        *groups : sequence of numpy.ndarray
            The leaves, and the seed where the operator has one.
        laid : mapping of int to sequence, optional
            Groups that are loaded already, with the same elements: in another memory layout.
        watched : bool
            Whether to look for what the function wrote into its inputs.

        Raises
        ------
        UnsupportedError
            With the framework's reason, if it has no such derivative.
        FunctionError
            If the function raised, returned nonsense or, watched, wrote into its inputs or its seed.
        """
        with self._backend.translating(self.bound.function.name, self.operator), self._scope():
            loaded = self._load(groups)
            for group, arrays in (laid or {}).items():
                loaded[group] = list(arrays)
            fetched = self._fetch(self._execute(loaded))
            if self.native and watched:
                self._refuse_mutation([f"its input {n}" for n in self.bound.inputs.labels], loaded[0], groups[0])
                for seeds, originals in zip(loaded[1:], groups[1:], strict=True):
                    self._refuse_mutation([f"its {self.operator.seed}"] * len(seeds), seeds, originals)
        return fetched

    def _scope(self) -> AbstractContextManager[Any]:
        """Return the framework's scope; a derived operator enters it with each of the operators that it is made of."""
        return self._backend.scope() if self.native else nullcontext()

    def _load(self, groups: Sequence[Sequence[Array]]) -> list[list[Any]]:
        if not self.native:
            return [list(group) for group in groups]
        return [[self._backend.asarray(array) for array in group] for group in groups]

    def _execute(self, groups: Sequence[Sequence[Any]]) -> Sequence[Any]:
        results = self._kernel(*groups)
        if self.native:
            self._backend.synchronize(results)
        return results

    def _fetch(self, results: Sequence[Any]) -> list[Array | Measured]:
        if not self.native:
            return list(results)
        return [r if isinstance(r, Measured) else self._backend.to_numpy(r) for r in results]

    def estimate(
        self,
        leaves: Sequence[Array],
        seed: Sequence[Array] | None = None,
        output_shapes: Sequence[tuple[int, ...]] | None = None,
    ) -> Estimate:
        """Run, and validate what came back.

        Parameters
        ----------
        leaves : sequence of numpy.ndarray
            The differentiated leaves.
        seed : sequence of numpy.ndarray, optional
            The tangents or cotangents of an operator that has them.
        output_shapes : sequence of tuple of int, optional
            The shapes of the function's outputs, where they are known.

        Returns
        -------
        Estimate
            Arrays of the shapes that the operator has, in NumPy.

        Raises
        ------
        UnsupportedError, FunctionError
            As `run`.
        InputError
            If the seed does not fit the operator or the leaves.
        WrongShapeError
            If an array has not the shape that the operator must have.
        """
        started = time.perf_counter()
        self._refuse_misfit(leaves, seed)
        results = self.run(leaves) if seed is None else self.run(leaves, seed)
        seconds = time.perf_counter() - started
        arrays = plain(results)
        self._validate(arrays, expected_shapes(self.operator, [a.shape for a in leaves], output_shapes))
        measured = [r for r in results if isinstance(r, Measured)]
        known = len(measured) == len(arrays) and not any(np.isnan(m.error).any() for m in measured)
        kinks = tuple(m.kinked for m in measured if m.kinked is not None)
        return Estimate(
            self.engine,
            self.operator,
            tuple(arrays),
            tuple(m.error for m in measured) if known else None,
            certified=known and all(m.certified for m in measured),
            kinks=kinks if known and len(kinks) == len(arrays) else None,
            native=self.native,
            seconds=seconds,
            notes=tuple(dict.fromkeys(note for m in measured for note in m.notes)),
        )

    def _refuse_misfit(self, leaves: Sequence[Array], seed: Sequence[Array] | None) -> None:
        if (seed is None) != (self.operator.seed is None):
            wanted = f"a {self.operator.seed}" if self.operator.seed else "no seed"
            raise InputError(f"the {self.operator} takes {wanted}, got {'none' if seed is None else 'one'}")
        if self.operator.seed == "tangent" and [np.shape(s) for s in seed or ()] != [a.shape for a in leaves]:
            got, wanted = (", ".join(str(np.shape(a)) for a in arrays) for arrays in (seed or (), leaves))
            raise InputError(f"the tangents have shapes {got}; wanted {wanted}")

    def _validate(self, arrays: Sequence[Array], shapes: Sequence[tuple[int, ...]] | None) -> None:
        if shapes is None:
            shapes = [a.shape for a in arrays]
        if len(arrays) != len(shapes):
            raise FunctionError(
                f"{self.engine} returned {len(arrays)} array(s) for the {self.operator}; wanted {len(shapes)}"
            )
        labels = self.bound.inputs.labels
        for i, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
            label = block_label(self.operator, i, labels)
            if array.shape != shape:
                raise WrongShapeError(str(self.engine), self.operator.value, label, array, shape)
            if array.dtype.kind != "c" and not is_real(array.dtype):
                raise FunctionError(
                    f"{self.engine} returned dtype {array.dtype} for the {self.operator}"
                    f"{' of ' + label if label else ''}; wanted a floating one"
                )

    def _refuse_mutation(self, labels: Sequence[str], loaded: Sequence[Any], originals: Sequence[Array]) -> None:
        for label, array, original in zip(labels, loaded, originals, strict=True):
            if not np.array_equal(self._backend.to_numpy(array), original, equal_nan=True):
                name, backend = self.bound.function.name, self.bound.backend
                raise FunctionError(f"{name} changed {label} in place under {backend}; work on a copy")


def expected_shapes(
    operator: Operator, inputs: Sequence[tuple[int, ...]], outputs: Sequence[tuple[int, ...]] | None
) -> list[tuple[int, ...]] | None:
    """Return the shapes of an operator's arrays, in the order of `Kernel`; None if unknown."""
    if operator in (Operator.GRADIENT, Operator.VJP, Operator.HVP):
        return list(inputs)
    if operator is Operator.HESSIAN:
        return [a + b for a in inputs for b in inputs]
    if outputs is None:
        return None
    if operator is Operator.JACOBIAN:
        return [t + s for t in outputs for s in inputs]
    return list(outputs)


def block_label(operator: Operator, index: int, labels: Sequence[str]) -> str:
    """Name array `index` of an operator's result after the argument it belongs to: ``w``, ``w, b``."""
    if operator in (Operator.GRADIENT, Operator.VJP, Operator.HVP):
        return labels[index]
    if operator is Operator.JACOBIAN:
        return labels[index % len(labels)]
    if operator is Operator.HESSIAN:
        first, second = divmod(index, len(labels))
        return labels[first] if len(labels) == 1 else f"{labels[first]}, {labels[second]}"
    return "" if index == 0 else f"output {index}"


def plain(results: Sequence[Array | Measured]) -> list[Array]:
    """Return the values alone, without their error estimates."""
    return [r.value if isinstance(r, Measured) else r for r in results]
