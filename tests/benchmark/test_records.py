"""Reading a stored benchmark, and the figures made from it."""

import json
import math
from pathlib import Path

import pytest

from gradcheck.benchmark.records import break_even, measurements, read
from gradcheck.errors import InputError

STORED = Path(__file__).with_name("stored.json")


@pytest.fixture(scope="module")
def stored():
    return read(STORED)


def test_records_cut_offs_and_exclusions_are_read(stored):
    assert stored.problems == ["rosenbrock"]
    assert stored.engines == ["analytic", "jax", "jax:eager", "sympy"]
    assert [(c.engine, c.size) for c in stored.cut_offs] == [("sympy", 1000)]
    assert [(e.engine, e.verdict) for e in stored.exclusions] == [("torch:compile", "UNSUPPORTED")]
    assert stored.machine["processor"] == "Example CPU"
    assert stored.foreign == 1


def test_a_ratio_is_taken_against_the_engines_own_value(stored):
    ratios = stored.ratios("rosenbrock")
    assert ratios["jax"] == {10: pytest.approx(2.0), 1000: pytest.approx(1.5)}
    assert "analytic" not in ratios


def test_compiled_modes_are_held_against_eager_at_the_same_size(stored):
    (found,) = stored.break_evens("rosenbrock")
    assert (found.record.engine, found.eager.engine, found.record.size) == ("jax", "jax:eager", 10)
    assert found.speedup == pytest.approx(50.0)
    assert found.executions == 103  # (0.11 - 0.01) / (1e-3 - 2e-5) = 102.04...


@pytest.mark.parametrize(
    ("costs", "executions"),
    [
        ((1.0, 0.1, 0.0, 0.2), 10),
        ((1.0, 0.1, 0.4, 0.2), 6),
        ((0.1, 0.1, 0.4, 0.2), 1),
        ((1.0, 0.2, 0.0, 0.1), math.inf),
        ((1.0, 0.2, 0.0, 0.2), math.inf),
        ((0.0, 0.2, 0.0, 0.2), 1),
        ((0.0, 0.2, 1.0, 0.1), math.inf),
    ],
)
def test_break_even(costs, executions):
    assert break_even(*costs) == executions


def write(tmp_path, text):
    path = tmp_path / "some.json"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not pytest-benchmark's JSON"),
        ("{}", "is not pytest-benchmark's JSON"),
        ('{"benchmarks": 3}', "is not pytest-benchmark's JSON"),
        ('{"benchmarks": []}', "holds 0 record"),
        ('{"benchmarks": [{"name": "test_x", "extra_info": {}, "stats": {}}, 7]}', "holds 2 record"),
    ],
)
def test_what_is_not_a_stored_benchmark_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(write(tmp_path, text))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        read(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"cannot read .*directory"):
        read(tmp_path)


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "x.json")


@pytest.mark.parametrize(
    "spoil",
    [lambda b: b.pop("stats"), lambda b: b["stats"].update(median=-1), lambda b: b["extra_info"].update(size="many")],
)
def test_damage_is_named(spoil):
    content = json.loads(STORED.read_text())
    spoil(content["benchmarks"][0])
    with pytest.raises(InputError, match=r"here\.json is damaged"):
        measurements(content, "here.json")
