"""The pytest plugin: checks inside one's own tests, and cases as items of the modules that declare them.

It provides the fixture `check_gradients`, the marker ``gradcheck`` and the options ``--gradcheck``,
``--gradcheck-catalogue``, ``--gradcheck-backends``, ``--gradcheck-dtype`` and ``--gradcheck-seed``.
Every pytest session of every project imports this module, so it imports nothing but pytest;
the rest of gradcheck, and NumPy with it, is imported when a check is made.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradcheck.cases import Case
    from gradcheck.operators import Operator
    from gradcheck.report import Report

MARKER = "gradcheck"
CATALOGUE = "gradcheck-catalogue"
SETTINGS = ("backends", "dtype", "order", "seed", "strict")
"""What the marker sets."""

_OPTIONS = {"gradcheck_backends": "backends", "gradcheck_dtype": "dtype", "gradcheck_seed": "seed"}
"""The options that set what the marker sets."""

_MARKER_HELP = (
    f"{MARKER}(backends=[...], dtype=..., seed=..., strict=..., order=...): "
    "settings of the gradient checks of a test, a case or a module"
)


@dataclass
class Tally:
    """What the gradient checks of a session found, as the terminal summary shows it.

    Parameters
    ----------
    checks : int
        How many reports there were.
    failed : int
        How many of them were false.
    verdicts : Counter
        How often each (engine, status) occurred.
    absences : dict of str to str
        The line to show for each framework that could not be used.
    cases : int
        How many cases the collected modules declare.
    """

    checks: int = 0
    failed: int = 0
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    absences: dict[str, str] = field(default_factory=dict)
    cases: int = 0

    def add(self, check: Mapping[str, Any]) -> None:
        """Count one report, in the form that `_record` made of it."""
        self.checks += 1
        self.failed += not check["passed"]
        self.verdicts.update((engine, status) for engine, status in check["verdicts"])
        self.absences.update(check["absences"])

    def table(self) -> list[str]:
        """Return the matrix of engines and statuses as lines of text; a status that never occurred has no column."""
        from gradcheck.judge.verdicts import Status

        seen = {status for _, status in self.verdicts}
        columns = [status.value for status in Status if status.value in seen]
        engines = sorted({engine for engine, _ in self.verdicts})
        width = max(map(len, ("engine", *engines)))
        lines = ["  ".join([f"{'engine':<{width}}", *columns])]
        for engine in engines:
            cells = (f"{self.verdicts[engine, column] or '.':>{len(column)}}" for column in columns)
            lines.append("  ".join([f"{engine:<{width}}", *cells]))
        return lines


_ATTRIBUTE = "gradcheck_checks"
_TALLY = pytest.StashKey[Tally]()
_CHECKS = pytest.StashKey[list[dict[str, Any]]]()
_PYTHON = pytest.StashKey[bool]()


# -- options and settings ---------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("gradcheck", "gradient verification")
    group.addoption("--gradcheck", action="store_true", help="run the cases that the collected test modules declare")
    group.addoption(
        "--gradcheck-catalogue",
        nargs="?",
        const="",
        metavar="NAMES_OR_TAGS",
        help="run the cases that ship with gradcheck: all, or those with these names or tags (comma-separated)",
    )
    group.addoption(
        "--gradcheck-backends", metavar="ENGINES", help="engines for every check, comma-separated: torch,jax:eager"
    )
    group.addoption("--gradcheck-dtype", metavar="DTYPE", help="dtype of every check: float32, float64, ...")
    group.addoption("--gradcheck-seed", metavar="SEED", help="seed of random inputs and directions (default 0)")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and refuse options that cannot be met.

    Raises
    ------
    pytest.UsageError
        With the option, what it got and the nearest names.
    """
    config.addinivalue_line("markers", _MARKER_HELP)
    config.stash[_TALLY] = Tally()
    if hasattr(config, "workerinput"):
        return  # xdist: the controller has validated the same options
    if config.option.gradcheck_catalogue is not None:
        with _usage_errors("--gradcheck-catalogue"):
            _validate_catalogue(config)
    for option, name in _OPTIONS.items():
        if (given := getattr(config.option, option)) is not None:
            with _usage_errors(f"--{option.replace('_', '-')}"):
                _validate(name, _parsed(name, given))
    if _runs_cases(config) and config.option.gradcheck_backends is not None:
        with _usage_errors("--gradcheck-backends"):
            _validate_engines(_parsed("backends", config.option.gradcheck_backends))


@contextmanager
def _usage_errors(option: str) -> Iterator[None]:
    """Turn gradcheck's own errors into usage errors of an option."""
    try:
        yield
    except Exception as error:
        from gradcheck.errors import GradcheckError

        if isinstance(error, GradcheckError):
            raise pytest.UsageError(f"{option}: {error}") from None
        raise


def _names(option: str) -> list[str]:
    return [name.strip() for name in option.split(",") if name.strip()]


def _validate_catalogue(config: pytest.Config) -> None:
    """Refuse unknown names; give back the path that argparse takes for one in ``--gradcheck-catalogue tests``."""
    from gradcheck.errors import UnknownNameError

    try:
        _catalogue(config)
    except UnknownNameError:
        option = config.option.gradcheck_catalogue
        if not (config.invocation_params.dir / option.partition("::")[0]).exists():
            raise
        given = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args[:] = [option, *(config.args if given else [])]
        config.option.gradcheck_catalogue = ""


def _catalogue(config: pytest.Config) -> list[Case]:
    """Return the built-in cases that ``--gradcheck-catalogue`` selects, sorted by name."""
    from gradcheck import discovery
    from gradcheck.cases import Registry, registry

    discovery.load_catalogue()
    builtin = Registry()
    for case in registry:
        if case.builtin:
            builtin.add(case)
    return builtin.select(_names(config.option.gradcheck_catalogue))


def _runs_cases(config: pytest.Config) -> bool:
    return config.option.gradcheck or config.option.gradcheck_catalogue is not None


def _parsed(setting: str, option: str) -> Any:
    """Return the value that the text of an option stands for."""
    if setting == "backends":
        return tuple(_names(option))
    return int(option) if setting == "seed" and option.isdecimal() else option


def _validate(setting: str, value: Any) -> None:
    """Refuse a value that a setting cannot have; None is the default of each."""
    from gradcheck.errors import InputError, UnknownNameError

    if value is None:
        return
    if setting == "backends":
        _validate_backends(value)
    elif setting == "dtype":
        from gradcheck.functions import DTYPES

        if value not in DTYPES:
            raise UnknownNameError("dtype", str(value), DTYPES)
    elif setting == "strict":
        if not isinstance(value, bool):
            raise InputError(f"strict must be True or False, got {value!r}")
    elif setting == "order":
        if value not in (1, 2):
            raise InputError(f"order must be 1 or 2, got {value!r}")
    elif not (isinstance(value, int) and value >= 0):
        raise InputError(f"seed must be a whole number from 0, got {value!r}")


def _validate_backends(selectors: Any) -> None:
    """Refuse names that no backend bears; modes are not looked at, since that needs the frameworks."""
    from gradcheck import discovery
    from gradcheck.errors import InputError, UnknownNameError

    known = discovery.names()
    if not isinstance(selectors, (list, tuple)) or not selectors:
        raise InputError(f"backends must be a list of names, got {selectors!r}; known: {', '.join(known)}")
    for selector in selectors:
        name = str(selector).partition(":")[0]
        if name not in known:
            raise UnknownNameError("backend", name, known)


def _validate_engines(selectors: tuple[str, ...]) -> None:
    """Refuse unknown modes and frameworks that are missing or broken; this imports the frameworks."""
    from gradcheck import discovery

    list(discovery.engines(selectors))


def _settings(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    """Merge the command line and the markers on a node and its parents; the closest wins."""
    given = {name: getattr(node.config.option, option) for option, name in _OPTIONS.items()}
    settings = {name: _parsed(name, text) for name, text in given.items() if text is not None}
    for mark in reversed(list(node.iter_markers(MARKER))):
        settings.update(mark.kwargs)
    return settings


def _validate_markers(item: pytest.Item) -> None:
    for mark in item.iter_markers(MARKER):
        if not (mark.args or mark.kwargs):
            continue  # it selects, and sets nothing
        with _usage_errors(f"{item.nodeid}: marker {MARKER}"):
            _validate_marker(mark)


def _validate_marker(mark: pytest.Mark) -> None:
    from gradcheck.errors import InputError, UnknownNameError

    if mark.args:
        raise InputError(f"it takes keywords only, got {mark.args[0]!r}; write {MARKER}(backends=[...])")
    for name, value in mark.kwargs.items():
        if name not in SETTINGS:
            raise UnknownNameError("argument", name, SETTINGS)
        _validate(name, value)


# -- the fixture ------------------------------------------------------------------------------


@pytest.fixture
def check_gradients(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Check derivatives as `gradcheck.check` does, and fail the test if the report is false.

    ``check_gradients(f, *inputs, **options)`` takes what `gradcheck.check` takes and returns its
    Report. An option that is not given is taken from the marker ``gradcheck`` on the test, its
    class or module, and after that from the command line.
    """
    node = request.node
    settings = _settings(node)

    def check(f: Any, *inputs: Any, **options: Any) -> Report:
        __tracebackhide__ = True
        from gradcheck import verification

        report = verification.check(f, *inputs, **{**settings, **options})
        _record(node, report)
        if not report:
            caller = traceback.extract_stack(limit=2)[0]
            pytest.fail(f"{Path(caller.filename).name}:{caller.lineno}: {_text(report)}", pytrace=False)
        return report

    return check


def _text(report: Report) -> str:
    """Return a failure for people, with a first line for pytest's short summary."""
    failures = sorted(report.failures, key=lambda v: not v.element)  # those that blame an element first
    blamed = dict.fromkeys(f"{v.engine} {v.status}" + (f" at {v.element}" if v.element else "") for v in failures)
    headline = ", ".join(list(blamed)[:3]) + (", ..." if len(blamed) > 3 else "")
    return f"{headline or 'the gradients could not be verified'}\n\n{report}"


def _record(item: pytest.Item, report: Report) -> None:
    """Keep what the terminal summary needs of a report, in JSON's types."""
    check = {
        "passed": bool(report),
        "verdicts": [[str(v.engine), v.status.value] for v in report.verdicts],
        "absences": {a.backend: f"{a.backend} is {a.state}: {a.reason}; try: {a.remedy}" for a in report.absences},
    }
    item.stash.setdefault(_CHECKS, []).append(check)


# -- collection -------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, obj: object) -> list[pytest.Item] | None:
    """Keep case functions from being collected as test functions, whatever their names are."""
    collector.stash[_PYTHON] = True
    return [] if callable(obj) and _is_case(obj) else None


def _is_case(function: Callable[..., Any]) -> bool:
    if "gradcheck.cases" not in sys.modules:
        return False
    from gradcheck.cases import registry

    return bool(registry.declared_by(function))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Add the cases of a module to what it collected, and the catalogue to what the session collected."""
    report = yield
    if report.passed:
        report.result.extend(_additions(collector))
    return report


def _additions(collector: pytest.Collector) -> list[pytest.Collector]:
    option = collector.config.option
    if isinstance(collector, pytest.Session) and option.gradcheck_catalogue is not None:
        return [CatalogueCollector.from_parent(collector, name=CATALOGUE, nodeid=CATALOGUE)]
    if isinstance(collector, pytest.Module) and option.gradcheck and _PYTHON in collector.stash:
        return list(_declared_in(collector))  # not in a DoctestModule, which is a Module too
    return []


def _declared_in(module: pytest.Module) -> Iterator[CaseCollector]:
    if "gradcheck.cases" not in sys.modules:
        return
    from gradcheck.cases import registry

    for case in registry:
        if case.module == module.obj.__name__:
            module.config.stash[_TALLY].cases += 1
            yield CaseCollector.from_parent(module, case=case)


class CatalogueCollector(pytest.Collector):
    """The built-in cases that ``--gradcheck-catalogue`` selects, beside the modules of the session."""

    def collect(self) -> Iterable[CaseCollector]:
        """Return the cases, sorted by name."""
        return [CaseCollector.from_parent(self, case=case) for case in _catalogue(self.config)]


class CaseCollector(pytest.Collector):
    """One case; its items are its operators, at each of its points.

    Parameters
    ----------
    case : Case
        The case; the node is called by its name, and ``-k`` finds it by its tags too.
    """

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(name=case.name, **kwargs)
        self.case = case
        self.extra_keyword_matches.update(case.tags)
        self.own_markers.extend(_marks(_source(case)))
        self.add_marker(MARKER)

    def collect(self) -> Iterable[pytest.Item]:
        """Return the items, sorted by operator and point; a case whose inputs fail is one item that fails."""
        from gradcheck import verification

        settings = _settings(self)
        seed = settings.get("seed", 0)
        try:
            points = sorted(self.case.points(seed, settings.get("dtype")))
            left_out = sorted(self.case.left_out(settings.get("dtype")))
            operators = _operators(verification.operators_of(self.case, seed=seed), settings.get("order", 1))
        except Exception as error:
            return [BrokenCaseItem.from_parent(self, name="inputs", error=error)]
        names = {(o, p): f"{o}[{p}]" if len(points) > 1 else str(o) for o in operators for p in points}
        # pytest reads an id in brackets as parameters, and --lf compares ids that are read: so is this one
        return [
            *(
                CaseItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}", operator=operator, point=point)
                for (operator, point), name in names.items()
            ),
            *(
                LeftOutItem.from_parent(self, name=f"[{point}]", nodeid=f"{self.nodeid}::[{point}]")
                for point in left_out
            ),
        ]


def _operators(operators: Iterable[Operator], order: int) -> list[Operator]:
    """Sort operators, with the Hessian among them if the order is 2; that of a vector function is of <u, f>."""
    from gradcheck.operators import Operator

    chosen = set(operators)
    if order == 2 and any(operator.scalar or operator is Operator.JACOBIAN for operator in chosen):
        chosen.add(Operator.HESSIAN)
    return sorted(chosen)


def _source(case: Case) -> Callable[..., Any] | None:
    """Return the function that was decorated."""
    return case.function.portable or next(iter(case.function.native.values()), None)


def _marks(function: Callable[..., Any] | None) -> list[pytest.Mark]:
    """Return the marks that a decorator put on a function."""
    marks = getattr(function, "pytestmark", [])
    return list(marks) if isinstance(marks, list) else [marks]


# -- items ------------------------------------------------------------------------------------


class _Item(pytest.Item):
    """What the items of a case have in common: where they come from."""

    parent: CaseCollector

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file, the line from 0, and the title of a failure."""
        code = getattr(_source(self.parent.case), "__code__", None)
        path = Path(code.co_filename) if code is not None else self.path
        return path, code.co_firstlineno - 1 if code is not None else None, f"{self.parent.name}::{self.name}"


class CaseItem(_Item):
    """One operator of a case at one point.

    Parameters
    ----------
    operator : Operator
        What is computed.
    point : str
        The name of the point.
    """

    def __init__(self, *, operator: Operator, point: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.operator, self.point = operator, point

    def runtest(self) -> None:
        """Verify the case, and fail with the text of the report if it is false."""
        from gradcheck.errors import GradcheckError
        from gradcheck.operators import Operator
        from gradcheck.verification import Options, verify

        hessian = self.operator is Operator.HESSIAN  # which order 2 has made an item of its own
        settings = {**_settings(self), "order": 2 if hessian else 1}
        options = Options(**settings)
        try:
            report = verify(self.parent.case, options, operators=[self.operator], points=[self.point])
        except GradcheckError as error:
            pytest.fail(str(error), pytrace=False)
        _record(self, report)
        if not report:
            pytest.fail(_text(report), pytrace=False)


class LeftOutItem(_Item):
    """A point that the dtype of the check cannot hold; its item is skipped and says why."""

    def runtest(self) -> None:
        """Skip."""
        pytest.skip("only double precision can hold this point")


class BrokenCaseItem(_Item):
    """A case that cannot be run; its only item fails and says why.

    Parameters
    ----------
    error : Exception
        What happened.
    """

    def __init__(self, *, error: Exception, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error = error

    def runtest(self) -> None:
        """Fail."""
        from gradcheck.errors import GradcheckError, first_line

        text = str(self.error) if isinstance(self.error, GradcheckError) else first_line(self.error)
        pytest.fail(text, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose marker is written wrongly, before it runs."""
    try:
        _validate_markers(item)
    except pytest.UsageError as error:
        pytest.fail(str(error), pytrace=False)


# -- from the checks to the terminal summary --------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the checks of a test to its report, as JSON, so that they travel from an xdist worker."""
    report = yield
    checks = item.stash.get(_CHECKS, [])
    if checks:
        setattr(report, _ATTRIBUTE, json.dumps(checks))
        checks.clear()
    return report


class _Counting:
    """Counts the checks that reports bring, in the process that prints the summary."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for check in json.loads(getattr(report, _ATTRIBUTE, "[]")):
            self.tally.add(check)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        found = getattr(node, "workeroutput", {}).get("gradcheck_cases", 0)
        self.tally.cases = max(self.tally.cases, found)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to count."""
    session.config.pluginmanager.register(_Counting(session.config.stash[_TALLY]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell xdist's controller, which collects nothing itself, how many cases there were."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["gradcheck_cases"] = session.config.stash[_TALLY].cases


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the matrix of engines and statuses, and the frameworks that could not be used."""
    tally = config.stash[_TALLY]
    lines = []
    if tally.checks:
        noun = "check" if tally.checks == 1 else "checks"
        lines += [f"{tally.checks} {noun}, {tally.failed} failed", *tally.table()]
        lines += [tally.absences[name] for name in sorted(tally.absences)]
    if config.option.gradcheck and not tally.cases:
        lines.append("no cases in the collected modules")
    if lines:
        terminalreporter.section("gradcheck")
        for line in lines:
            terminalreporter.write_line(line)
