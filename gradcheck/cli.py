"""The command line: ``gradcheck run``, ``list``, ``doctor``, ``check``, ``conventions``, ``audit`` and ``bench``.

Exit codes: 0 all agree, 1 something is wrong, 2 wrong use, 130 interrupted. Everything that is
not cheap to import is imported inside the commands.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import gradcheck
from gradcheck.benchmark.command import bench
from gradcheck.conventions.command import conventions
from gradcheck.errors import (
    BrokenBackendError,
    GradcheckError,
    InputError,
    MissingBackendError,
    RegistrationError,
    UnknownNameError,
    first_line,
)
from gradcheck.progress import progress

if TYPE_CHECKING:
    from rich.console import Console

    from gradcheck.cases import Case
    from gradcheck.functions import Function
    from gradcheck.report import Report
    from gradcheck.verification import Options

_WRONG_USE = (InputError, UnknownNameError, MissingBackendError, BrokenBackendError, RegistrationError)


class _Commands(TyperGroup):
    """Turns our errors into lines on stderr and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except GradcheckError as error:
            _complain(str(error))
            raise typer.Exit(2 if isinstance(error, _WRONG_USE) else 1) from None
        except KeyboardInterrupt:
            _complain("interrupted")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    help="Check gradients against every installed system, and say who is wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Names = Annotated[list[str] | None, typer.Argument(metavar="NAMES/TAGS", help="Cases by name or tag.")]
Backends = Annotated[
    list[str] | None,
    typer.Option(metavar="ENGINES", help="Engines such as torch,jax:eager or torch:*; can be repeated."),
]
Operators = Annotated[
    list[str] | None, typer.Option(metavar="OPERATORS", help="What to check: gradient, hvp, ...; can be repeated.")
]
Dtype = Annotated[str | None, typer.Option(metavar="DTYPE", help="Round the inputs to float32 or float64.")]
Seed = Annotated[int, typer.Option(help="Varies random inputs and directions.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse IMPRECISE and CONVENTION too.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a web page.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Explain the verdicts that pass as well.")]
Modules = Annotated[
    list[str] | None, typer.Option(metavar="FILE_OR_MODULE", help="Register the cases of a module; can be repeated.")
]


def main() -> None:
    """Run the command line; the entry point of the script ``gradcheck``."""
    app(prog_name="gradcheck")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gradcheck {gradcheck.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    names: Names = None,
    backends: Backends = None,
    operator: Operators = None,
    dtype: Dtype = None,
    seed: Seed = 0,
    strict: Strict = False,
    json: Json = None,
    html: Html = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown.")
    ] = None,
    module: Modules = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every point and operator of the catalogue, not only the first of each case.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Show what was covered, field by field, and the known defects that show.")
    ] = False,
    verbose: Verbose = False,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="SOURCE", help="Check a framework's own test base: torch-opinfo."),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="With --from: how many samples of each entry; default: 2.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Processes; default: one a core, 4 at most, and 1 for a few cases."),
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="The seconds that one case, or entry, may take in a process; default: 600, with --from 300."
        ),
    ] = None,
) -> None:
    """Check registered cases on every engine.

    Without names or tags: all cases of the given modules; if no module is given, the catalogue, each case at its
    first point and operator unless --all or --operator says more.

    With --from the names are those of the source's entries, or patterns such as "linalg_*".
    """
    from gradcheck import parallel, verification

    settings = _settings(backends, operator, dtype, seed, strict)
    _refuse_unwritable(json, html, markdown)
    if source is not None:
        if module or everything or report or markdown:
            raise InputError("--module, --all, --report and --markdown are of the catalogue and do not go with --from")
        _run_source(source, names or (), settings, samples, jobs, limit, json, html, verbose)
    if samples:
        raise InputError("--samples goes with --from only; name a source, as in --from torch-opinfo")
    cases = _selected(names, module)
    brief = not (names or module or everything or settings.operators)
    processes = parallel.jobs_for(cases, jobs)
    if limit is not None and processes == 1:
        raise InputError("--limit is for cases in processes of their own, and this is one process; add -j 2")
    done: list[Report] = []
    with progress(len(cases)) as advance:

        def passed(case: Case, report: Report) -> None:
            done.append(report)
            advance(case.name)

        try:
            if processes == 1:
                found = verification.run(cases, settings, brief=brief, progress=passed)
            else:
                found = parallel.run(cases, settings, brief=brief, jobs=processes, progress=passed, limit=limit)
        except KeyboardInterrupt:
            found = None
    if found is None:
        _show_interrupted(done, len(cases))
    if report:
        from gradcheck.report.survey import render

        render(found, cases, _console())
    if brief:
        _console().print("the first point and operator of each case; --all checks every one", highlight=False)
    if markdown is not None:
        markdown.write_text(found.to_markdown(), encoding="utf-8")
    _conclude(found, json, html, verbose)


def _run_source(
    source: str,
    patterns: Sequence[str],
    settings: Options,
    samples: int | None,
    jobs: int | None,
    limit: float | None,
    json: Path | None,
    html: Path | None,
    verbose: bool,
) -> NoReturn:
    from gradcheck import sources_command

    found, missing = sources_command.run(
        _console(), source, patterns, settings, samples=samples, jobs=jobs, limit=limit
    )
    if missing:
        found.render(_console(), verbose=verbose)
        _complain(f"interrupted with {missing} entries to go; nothing was written")
        raise typer.Exit(130)
    _conclude(found, json, html, verbose)


@app.command("list")
def list_cases(
    names: Names = None,
    module: Modules = None,
    seed: Seed = 0,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Count cases by field, operator, dtype, engine and function instead.")
    ] = False,
) -> None:
    """List registered cases: name, inputs, operators, tags, source. Imports no framework."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cases = _selected(names, module)
    if coverage:
        from gradcheck import coverage as counting

        counting.render(counting.coverage(cases), _console())
        return
    table = Table("case", "inputs", "operators", "tags", "source", box=box.SIMPLE_HEAD)
    for case in cases:
        facts = (case.name, _shapes(case, seed), _operators(case, seed), " ".join(sorted(case.tags)), case.source)
        table.add_row(*(Text(fact) for fact in facts))
    console = _console()
    console.print(table)
    console.print(f"{len(cases)} case(s)", highlight=False)


@app.command()
def doctor() -> None:
    """Say which backends are installed, missing or broken, and what mends them."""
    from gradcheck import doctor as surgery

    examinations = surgery.examine_all()
    surgery.render(examinations, _console())
    raise typer.Exit(1 if any(found.state == "broken" for found in examinations) else 0)


@app.command(context_settings={"ignore_unknown_options": True})
def check(
    target: Annotated[
        str, typer.Argument(help="An expression, module:function or path/to/file.py:function.", show_default=False)
    ],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Numbers or nested lists: x=-2 w=[1,2].")
    ] = None,
    backends: Backends = None,
    operator: Operators = None,
    dtype: Dtype = None,
    seed: Seed = 0,
    strict: Strict = False,
    json: Json = None,
    html: Html = None,
    verbose: Verbose = False,
) -> None:
    """Check one expression or Python function, and show what every engine computes.

    gradcheck check "(x + y) * z" x=-2 y=5 z=-4
    """
    from gradcheck import verification
    from gradcheck.report import Report

    settings = _settings(backends, operator, dtype, seed, strict)
    _refuse_unwritable(json, html)
    given = _values(values or ())
    function, cases = _target(target)
    if given or not cases:
        cases = [_single(function, _arguments(function, given), cases[0].argnums if cases else None)]
    report = Report.merge(verification.verify(case, settings) for case in cases)
    _conclude(report, json, html, verbose)


@app.command(context_settings={"ignore_unknown_options": True})
def audit(
    target: Annotated[
        str | None, typer.Argument(metavar="[MODULE:FUNCTION]", help="Your own check, or a portable function.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Inputs of the function: x=-2 w=[1,2].")
    ] = None,
    function: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="The portable function that your check is for.")
    ] = None,
    backends: Annotated[
        list[str] | None, typer.Option(metavar="FRAMEWORKS", help="Of torch, jax, tensorflow; default: all installed.")
    ] = None,
    order: Annotated[int, typer.Option(min=1, max=2, help="2 implants faults of second order in yours too.")] = 1,
    seed: Seed = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A mutant of each kind; two minutes on two cores.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default: one a core, 4 at most.")] = None,
    json: Json = None,
) -> None:
    """Audit the checker: implant faults into right gradients, and count what is found.

    Without a target gradcheck itself is audited, beside the frameworks' own checkers. A target is your own
    check: a function that gets another one and accepts it (returns something true, or nothing) or rejects it
    (returns something false, or raises). With

        def test_loss(f, w):

            return torch.autograd.gradcheck(f, (torch.tensor(w, requires_grad=True),))

    in test_losses.py, where f is the loss in PyTorch with a custom backward that may be wrong,

        gradcheck audit test_losses.py:test_loss --function losses.py:loss w=[0.3,-1.2]

    says which faults the test would miss. Inputs come as NumPy arrays. If the second parameter is named
    "gradient", as in test_loss(f, gradient, w), both functions take and return NumPy arrays. Without
    --function some of our functions are taken. A target whose first parameter is xp is a portable
    function: gradcheck's check and the framework's checkers are tried on faults of its gradient.

    Exit codes: 0 every promised figure is reached, or nothing is missed; 1 not; 2 wrong use; 130 interrupted.
    """
    from gradcheck.audit import command

    if seed < 0:
        raise InputError(f"the seed must not be negative, got {seed}")
    _refuse_unwritable(json)
    chosen = _split(backends)
    if target is None:
        code = command.whole(_console(), quick=quick, seed=seed, backends=chosen, jobs=jobs, json=json)
    else:
        code = _audit_own(target, function, _values(values or ()), chosen, order, seed)
    raise typer.Exit(code)


def _audit_own(
    target: str,
    function: str | None,
    values: Mapping[str, Any],
    backends: tuple[str, ...] | None,
    order: int,
    seed: int,
) -> int:
    from gradcheck.audit import command

    tested, cases = _target(target)
    subject = tested if tested.portable is not None else None
    if function is not None:
        subject, cases = _target(function)
    if values and subject is None:
        raise InputError("inputs are given, but no function that takes them; name it with --function")
    arguments: tuple[Any, ...] = ()
    if subject is not None:
        arguments = _point_of(subject, cases, values, seed)
    framework = backends[0] if backends else None
    return command.own(_console(), tested, subject, arguments, backend=framework, order=order, seed=seed)


def _point_of(function: Function, cases: Sequence[Case], values: Mapping[str, Any], seed: int) -> tuple[Any, ...]:
    """Return the inputs given, or else those of the first point of the first case declared of the function."""
    if values or not cases:
        return _arguments(function, values)
    return next(iter(cases[0].points(seed).values())).arguments


app.command("bench")(bench)
app.command("conventions")(conventions)


# -- what the user wrote ----------------------------------------------------------------------


def _settings(
    backends: Sequence[str] | None, operators: Sequence[str] | None, dtype: str | None, seed: int, strict: bool
) -> Options:
    from gradcheck.functions import DTYPES
    from gradcheck.verification import Options, parse_operator

    if dtype is not None and dtype not in DTYPES:
        raise UnknownNameError("dtype", dtype, DTYPES)
    if seed < 0:
        raise InputError(f"the seed must not be negative, got {seed}")
    return Options(
        backends=_split(backends),
        operators=tuple(parse_operator(name) for name in _split(operators) or ()),
        dtype=dtype,
        seed=seed,
        strict=strict,
    )


def _split(items: Sequence[str] | None) -> tuple[str, ...] | None:
    """Split ``["a,b", "c"]`` into names; None where nothing was given."""
    if not items:
        return None
    names = tuple(name.strip() for item in items for name in item.split(",") if name.strip())
    if not names:
        raise InputError(f"a list of names is empty: {', '.join(map(repr, items))}")
    return names


def _selected(names: Sequence[str] | None, modules: Sequence[str] | None) -> list[Case]:
    """Return the cases by name or tag; without either, those of the modules, else the catalogue."""
    from gradcheck import discovery
    from gradcheck.cases import registry

    discovery.load_catalogue()
    for module in modules or ():
        _module(module)
    cases = registry.select(names or ())
    if modules and not names:
        cases = [case for case in cases if not case.builtin]
    if not cases:
        raise InputError(f"no case is registered by {', '.join(modules) if modules else 'the catalogue'}")
    return cases


def _values(pairs: Sequence[str]) -> dict[str, Any]:
    """Read ``name=value`` pairs."""
    from gradcheck.expressions import parse_value

    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not name.isidentifier():
            option = "; there is no such option" if pair.startswith("-") else ""
            raise InputError(f"wanted name=value, as in x=1.5 or w=[1,2], got {pair!r:.60}{option}")
        if name in values:
            raise InputError(f"two values are given for {name}")
        values[name] = parse_value(text)
    return values


def _arguments(function: Function, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Arrange values in the order of a function's parameters; its own defaults fill the gaps."""
    from gradcheck.expressions import CONSTANTS

    for name in values:
        if name not in function.parameters:
            if name in CONSTANTS:
                raise InputError(f"{name} is a constant ({CONSTANTS[name]:.6g}); call the variable otherwise")
            raise UnknownNameError("variable", name, function.parameters)
    values = {**_defaults(function), **values}
    missing = [name for name in function.parameters if name not in values]
    if missing:
        wanted = " ".join(f"{name}=..." for name in missing)
        raise InputError(f"no value given for {', '.join(missing)}; write {wanted}")
    return tuple(values[name] for name in function.parameters)


def _defaults(function: Function) -> dict[str, Any]:
    written = function.portable or next(iter(function.native.values()))
    parameters = inspect.signature(written).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _single(function: Function, arguments: tuple[Any, ...], argnums: int | tuple[int, ...] | None) -> Case:
    from gradcheck.cases import Case

    return Case(function.name, function, lambda rng: arguments, argnums=argnums)


# -- the user's own code ----------------------------------------------------------------------


def _target(target: str) -> tuple[Function, list[Case]]:
    """Return the function that a target means, and the cases that were declared of it."""
    from gradcheck.cases import registry
    from gradcheck.expressions import parse
    from gradcheck.functions import Function

    if target.endswith(".py"):
        raise InputError(f"name a function of the file: {target}:function")
    place, colon, name = target.rpartition(":")
    in_code = place.endswith(".py") or re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", place)
    if not (colon and in_code and name.isidentifier()):
        return parse(target), []
    module = _module(place)
    written = getattr(module, name, None)
    if not callable(written):
        raise UnknownNameError(f"function of {place}", name, _functions(module))
    cases = registry.declared_by(written)
    return cases[0].function if cases else Function.of(written), cases


def _functions(module: ModuleType) -> list[str]:
    return [n for n, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == module.__name__]


def _module(place: str) -> ModuleType:
    """Import a module by name from here or the environment, or a file by its path."""
    try:
        return _file(Path(place)) if place.endswith(".py") else _named(place)
    except GradcheckError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{place} cannot be imported: {first_line(error)}") from error


def _named(name: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as python -m does; a script has its own folder there
    return importlib.import_module(name)


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    path = path.resolve()
    name = re.sub(r"\W", "_", str(path.with_suffix("")))  # a name of its own: torch.py must not become torch
    if name in sys.modules:
        return sys.modules[name]
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise InputError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


# -- what is shown ------------------------------------------------------------------------------


def _complain(message: str) -> None:
    """Print an error on stderr; a second line, which has a caret, keeps its place below the first."""
    typer.echo("error: " + message.replace("\n", "\n       "), err=True)


def _console() -> Console:
    """Return the console of stdout; wide where it is not a terminal, so that rows stay whole."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 320)


def _shapes(case: Case, seed: int) -> str:
    points = list(case.points(seed).values())
    first = points[0]
    shapes = ", ".join(f"{label} {a.shape}" for label, a in zip(first.labels, first.arrays, strict=True))
    return shapes + (f"; {len(points)} points" if len(points) > 1 else "")


def _operators(case: Case, seed: int) -> str:
    from gradcheck.verification import operators_of

    if not case.operators and case.function.portable is None and "numpy" not in case.function.native:
        return "gradient or jacobian"  # only its framework could tell
    try:
        return " ".join(operators_of(case, seed))
    except GradcheckError as error:
        return f"unknown: {error}"


def _show_interrupted(done: Sequence[Report], total: int) -> NoReturn:
    """Show what there is of an interrupted run, and stop."""
    if done:
        from gradcheck.report import Report

        Report.merge(done).render(_console())
    _complain(f"interrupted after {len(done)} of {total} case(s); nothing was written")
    raise typer.Exit(130)


def _refuse_unwritable(*paths: Path | None) -> None:
    """Find out before a long run whether its report can be written."""
    for path in paths:
        if path is None:
            continue
        existed = path.exists()
        try:
            path.open("a").close()
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from None
        if not existed:
            path.unlink()


def _conclude(report: Report, json: Path | None, html: Path | None, verbose: bool) -> NoReturn:
    """Show a report, write it where it was asked for, and stop with its exit code."""
    report.render(_console(), verbose=verbose)
    for path, text in ((json, report.to_json), (html, report.to_html)):
        if path is not None:
            path.write_text(text(), encoding="utf-8")
    raise typer.Exit(0 if report else 1)


if __name__ == "__main__":
    main()
