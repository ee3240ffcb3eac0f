"""What a set of cases covers: functions of the namespace, operators, dtypes, engines and fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gradcheck import discovery
from gradcheck.cases import Case
from gradcheck.namespaces.vocabulary import CONSTANTS, FUNCTIONS
from gradcheck.verification import operators_of

SUBMODULES = tuple(dict.fromkeys(name.partition(".")[0] for name in FUNCTIONS if "." in name))
"""The parts of the namespace that have names of their own: ``linalg``, ``special``, ..."""


class Recorder:
    """A namespace that notes which functions are looked up in it.

    Parameters
    ----------
    namespace : Any
        The one that computes.
    used : set of str
        Gets the dotted names.
    prefix : str
        What stands before the dot.
    """

    def __init__(self, namespace: Any, used: set[str], prefix: str = "") -> None:
        self._namespace, self._used, self._prefix = namespace, used, prefix

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._namespace, name)
        if not self._prefix and name in SUBMODULES:
            return Recorder(found, self._used, name + ".")
        if name not in CONSTANTS:
            self._used.add(self._prefix + name)
        return found


def functions_of(case: Case) -> set[str]:
    """Return the functions of the namespace that a portable function calls at its points; none of a native one.

    Python's operators count as what they mean: a function that is written ``a + b`` does not name ``add``.
    """
    used: set[str] = set()
    written = case.function.portable
    if written is None:
        return used
    numpy = discovery.load("numerical")
    for inputs in case.points().values():
        recorder = Recorder(numpy.namespace(np.dtype(float)), used)
        with np.errstate(all="ignore"):
            written(recorder, *inputs.arguments)
    return used


@dataclass(frozen=True)
class Coverage:
    """How many cases there are of everything.

    Parameters
    ----------
    fields, functions, operators, dtypes, engines : mapping of str to int
        The number of cases of each field of the catalogue, that call each function of the
        namespace, with each operator, dtype, and form that an engine runs.
    cases, points, second_order : int
        How many there are in all, and how many cases have a Hessian or a Hessian-vector product.
    """

    fields: Mapping[str, int]
    functions: Mapping[str, int]
    operators: Mapping[str, int]
    dtypes: Mapping[str, int]
    engines: Mapping[str, int]
    cases: int
    points: int
    second_order: int

    @property
    def uncovered(self) -> list[str]:
        """The functions of the namespace that no case calls."""
        return [name for name in FUNCTIONS if not self.functions.get(name)]


def coverage(cases: Iterable[Case]) -> Coverage:
    """Count what cases cover; it runs their functions by NumPy and imports no framework.

    Parameters
    ----------
    cases : iterable of Case
        The cases.
    """
    chosen = list(cases)
    fields, functions, operators, dtypes, engines = (Counter[str]() for _ in range(5))
    points = second = 0
    for case in chosen:
        fields[case.field] += 1
        functions.update(functions_of(case))
        asked = operators_of(case)
        operators.update(o.value for o in asked)
        second += any(o.order == 2 for o in asked)
        at = case.points()
        points += len(at)
        dtypes.update({a.dtype.name for inputs in at.values() for a in inputs.arrays})
        engines.update(_engines(case))
    return Coverage(fields, functions, operators, dtypes, engines, len(chosen), points, second)


def _engines(case: Case) -> list[str]:
    """Return what runs a case: the portable form, frameworks' own functions, rules by hand."""
    function = case.function
    forms = ["portable: every backend"] if function.portable is not None else []
    forms += [f"own function: {name}" for name in function.native]
    forms += ["closed form: analytic"] if function.has_first_order_rule else []
    return forms + (["closed form of the Hessian: analytic"] if function.hessian is not None else [])


def render(found: Coverage, console: Console) -> None:
    """Print the counts, what is uncovered last."""
    tables = {
        "fields": found.fields,
        "operators": found.operators,
        "dtypes": found.dtypes,
        "engines": found.engines,
        "functions of the namespace": {name: found.functions.get(name, 0) for name in FUNCTIONS},
    }
    for title, counted in tables.items():
        console.print(Group(Text(title, "bold"), _columns(counted, console.width)))
    totals = f"{found.cases} cases, {found.points} points, {found.second_order} cases of second order"
    console.print(f"{totals}; {len(FUNCTIONS) - len(found.uncovered)} of {len(FUNCTIONS)} functions", highlight=False)
    if found.uncovered:
        console.print(f"in no case: {', '.join(found.uncovered)}", highlight=False, soft_wrap=True)


def _columns(counted: Mapping[str, int], width: int) -> Table:
    """Return names and counts, side by side in as many columns as the line takes."""
    cells = [f"{name} {count}" for name, count in counted.items()]
    count = max(1, min(width, 120) // (max(map(len, cells), default=1) + 2))
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for start in range(0, len(cells), count):
        table.add_row(*(Text(cell) for cell in cells[start : start + count]))
    return table
