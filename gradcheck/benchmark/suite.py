"""The benchmark as a pytest-benchmark suite: one record for each problem, engine, operator and size.

``gradcheck bench`` runs this module with its plan; ``pytest benchmarks`` runs it with the full one.
"""

from __future__ import annotations

from typing import Any

import pytest

from gradcheck.benchmark.measurement import Climb, CutOffError, Plan
from gradcheck.operators import Operator

PLUGIN = "gradcheck-benchmark"


class Run:
    """The pytest plugin that holds the run's `Climb` and stores its facts beside the records."""

    __name__ = PLUGIN  # by which pluggy registers an object

    def __init__(self, climb: Climb) -> None:
        self.climb = climb

    def pytest_benchmark_update_json(self, output_json: dict[str, Any]) -> None:
        """Add the cut-offs, exclusions and absences, which are no records, to pytest-benchmark's JSON."""
        output_json["gradcheck"] = self.climb.facts()


def _run_of(config: pytest.Config) -> Run:
    run: Run | None = config.pluginmanager.get_plugin(PLUGIN)
    if run is None:
        run = Run(Climb(Plan()))
        config.pluginmanager.register(run)
    return run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for each problem, engine, operator and size; sizes innermost and ascending."""
    climb = _run_of(metafunc.config).climb
    metafunc.parametrize(
        ("problem", "engine", "operator", "size"),
        [
            (problem, str(engine), operator.value, size)
            for problem in climb.plan.problems
            for engine in climb.engines
            for operator in (Operator.VALUE, Operator.GRADIENT)
            for size in climb.plan.sizes
        ],
    )


@pytest.mark.filterwarnings("default")  # a framework's warning is no reason not to time it
def test_cost(
    benchmark: Any, request: pytest.FixtureRequest, problem: str, engine: str, operator: str, size: int
) -> None:
    """Time the execution alone; a cut-off is a skip with its reason."""
    climb = _run_of(request.config).climb
    try:
        trial = climb.start(problem, engine, operator, size)
    except CutOffError as reason:
        pytest.skip(str(reason))
    benchmark.group = f"{problem} {operator} {trial.size}"
    benchmark.extra_info.update(climb.extra_info(trial))
    benchmark.pedantic(trial.execute, rounds=trial.rounds(climb.plan.budget), iterations=trial.iterations)
