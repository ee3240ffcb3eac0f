"""``gradcheck bench``: run the benchmark, or take a stored one, and write its report."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradcheck.errors import GradcheckError, InputError

if TYPE_CHECKING:
    from gradcheck.benchmark.measurement import Climb
    from gradcheck.benchmark.records import Measurements

NEEDED = {"pytest": "pytest", "pytest_benchmark": "pytest-benchmark", "matplotlib": "matplotlib"}
"""The modules that a benchmark needs, and the distributions that have them."""


def bench(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few sizes, each backend's default engine; under a minute on two cores.")
    ] = False,
    problems: Annotated[
        list[str] | None, typer.Option("--problems", help="notebook, rosenbrock, mlp, logdet; default: all.")
    ] = None,
    backends: Annotated[
        list[str] | None,
        typer.Option("--backends", help="torch, torch:compile, 'torch:*'; default: every mode of every backend."),
    ] = None,
    stored: Annotated[
        Path | None, typer.Option("--from", help="Measure nothing; report this JSON of pytest-benchmark.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Store the measurements here.")] = None,
    report: Annotated[Path, typer.Option("--report", help="Write the HTML report here.")] = Path("bench.html"),
) -> None:
    """Measure what values and gradients cost in every engine, and write a report.

    Lists may be separated by commas or the option repeated. Exit code 0: every engine that was tried is right or
    said that it cannot; 1: an engine is wrong, or nothing could be timed; 2: wrong use.
    """
    try:
        code = _bench(quick, _names(problems), _names(backends), stored, json, report)
    except GradcheckError as error:
        typer.echo(f"gradcheck bench: {error}", err=True)
        raise typer.Exit(2) from error
    if code:
        raise typer.Exit(code)


def _bench(
    quick: bool, problems: list[str], backends: list[str], stored: Path | None, json: Path | None, report: Path
) -> int:
    if stored is not None and (quick or problems or backends or json is not None):
        raise InputError("--from measures nothing, so --quick, --problems, --backends and --json do not go with it")
    _require(("matplotlib",) if stored is not None else tuple(NEEDED))
    for target in (report, json):
        if target is not None:
            _require_writable(target)
    from gradcheck.benchmark.records import read

    if stored is not None:
        _write(report, read(stored))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = json or Path(folder, "benchmark.json")
        climb, failed = _measure(quick, problems, backends, path)
        if not path.exists() or path.stat().st_size == 0:
            typer.echo("gradcheck bench: nothing could be timed", err=True)
            _explain(climb)
            return 1
        _write(report, read(path))
    return 1 if failed or _explain(climb) else 0


def _names(options: Sequence[str] | None) -> list[str]:
    return [name.strip() for option in options or () for name in option.split(",") if name.strip()]


def _require(modules: Sequence[str]) -> None:
    missing = [NEEDED[module] for module in modules if find_spec(module) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise InputError(f"{', '.join(missing)} {verb} not installed; run: pip install 'gradcheck[bench]'")


def _require_writable(path: Path) -> None:
    """Refuse a path that cannot be written before anything is measured."""
    new = not path.exists()
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; name a file in an existing folder") from error
    if new:
        path.unlink()


def _write(path: Path, measurements: Measurements) -> None:
    from gradcheck.benchmark.report import render

    path.write_text(render(measurements), encoding="utf-8")
    typer.echo(f"{len(measurements.records)} records, {len(measurements.cut_offs)} cut-offs; report: {path}")


def _measure(quick: bool, problems: list[str], backends: list[str], path: Path) -> tuple[Climb, bool]:
    """Run the suite in this process and store pytest-benchmark's JSON; True where pytest saw a failure."""
    import pytest

    from gradcheck.benchmark.measurement import Climb, Plan
    from gradcheck.benchmark.problems import select
    from gradcheck.benchmark.suite import Run

    names = [problem.name for problem in select(problems)]
    climb = Climb(Plan.of(problems=names, backends=backends, quick=quick))
    total = len(names) * len(climb.engines) * 2 * len(climb.plan.sizes)  # wrong names raise here, not inside pytest
    with _undisturbed(), tempfile.TemporaryDirectory() as folder:
        options = [
            "--pyargs", "gradcheck.benchmark.suite", f"--benchmark-json={path}", "--benchmark-disable-gc",
            "--benchmark-quiet", f"--rootdir={folder}", f"--confcutdir={folder}", "-c", os.devnull,
            "--import-mode=importlib", "-p", "pytest_benchmark.plugin", "-p", "no:cacheprovider", "-p", "no:warnings",
            "-p", "no:terminal",
        ]  # fmt: skip
        with _progress(total) as progress:
            code = pytest.main(options, plugins=[Run(climb), progress])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return climb, bool(progress.failures) or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the caller's pytest options and plugins out of the run."""
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Progress:
    """The pytest plugin that moves a bar and prints what failed."""

    def __init__(self, advance: Any, say: Any) -> None:
        self._advance, self._say = advance, say
        self.failures: list[str] = []

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show which measurement is under way."""
        self._advance(0, nodeid.partition("[")[2].rstrip("]"))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a finished measurement."""
        if report.failed:
            self.failures.append(report.nodeid)
            self._say(f"{report.nodeid} failed: {str(report.longrepr).splitlines()[-1]}")
        if report.when == "teardown":
            self._advance(1, "")

    def pytest_collectreport(self, report: Any) -> None:
        """Say why the suite could not be collected."""
        if report.failed:
            self.failures.append(report.nodeid)
            self._say(f"the suite could not be collected: {str(report.longrepr).splitlines()[-1]}")


@contextmanager
def _progress(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    # pytest captures file descriptor 2 while the suite runs; the bar keeps the terminal's own
    with os.fdopen(os.dup(2), "w") as stderr, Bar(*columns, console=Console(file=stderr)) as bar:
        task = bar.add_task("", total=total)

        def advance(steps: int, description: str) -> None:
            bar.update(task, advance=steps, description=description)

        yield Progress(advance, bar.console.print)


def _explain(climb: Climb) -> bool:
    """Name the engines that are wrong and the backends that are not there; True if any is wrong."""
    for absence in climb.facts()["absences"]:
        typer.echo(f"{absence['backend']} is {absence['state']}: {absence['reason']}; {absence['remedy']}", err=True)
    wrong = climb.refuted()
    if wrong:
        typer.echo(f"not timed, because the verdict is against them: {', '.join(wrong)}", err=True)
    return bool(wrong)
