"""``gradcheck bench``: wrong use, a stored benchmark, and one real run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gradcheck.benchmark import command

STORED = Path(__file__).with_name("stored.json")
app = typer.Typer()
app.command()(command.bench)


@pytest.fixture(autouse=True)
def nothing_is_measured(monkeypatch):
    def refuse(*args):
        raise AssertionError("something was measured")

    monkeypatch.setattr(command, "_measure", refuse)


def invoke(*args):
    return CliRunner().invoke(app, [str(a) for a in args])


def refused(result, *words):
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("modules", [["matplotlib"], ["pytest_benchmark"], ["matplotlib", "pytest_benchmark"]])
def test_missing_packages_are_named(monkeypatch, tmp_path, modules):
    monkeypatch.setattr(command, "find_spec", lambda name: None if name in modules else object())
    names = [command.NEEDED[m] for m in modules]
    refused(invoke("--report", tmp_path / "r.html"), *names, "pip install 'gradcheck[bench]'")


def test_a_report_that_cannot_be_written_is_refused_before_the_run(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "find_spec", lambda name: object())
    refused(invoke("--report", tmp_path / "none" / "r.html"), "cannot write", "No such file")
    refused(invoke("--report", tmp_path), "cannot write")
    refused(invoke("--report", tmp_path / "r.html", "--json", tmp_path), "cannot write")
    assert list(tmp_path.iterdir()) == []


def test_from_measures_nothing(tmp_path):
    for option in (["--quick"], ["--problems", "mlp"], ["--backends", "jax"], ["--json", tmp_path / "x.json"]):
        refused(invoke("--from", STORED, "--report", tmp_path / "r.html", *option), "--from measures nothing")


def test_a_stored_benchmark_is_reported(tmp_path):
    pytest.importorskip("matplotlib", reason="pip install 'gradcheck[bench]'")
    result = invoke("--from", STORED, "--report", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
    assert "What gradients cost" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_bad_stored_benchmark_is_refused_and_no_report_is_left(tmp_path):
    pytest.importorskip("matplotlib", reason="pip install 'gradcheck[bench]'")
    (tmp_path / "empty.json").touch()
    refused(invoke("--from", tmp_path / "empty.json", "--report", tmp_path / "r.html"), "is empty")
    assert not (tmp_path / "r.html").exists()


def run(tmp_path, *args):
    program = "import typer; from gradcheck.benchmark.command import bench; typer.run(bench)"
    # the caller's pytest options must not matter, nor that this test may run in an xdist worker, which times nothing
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_XDIST_WORKER"}
    environment["PYTEST_ADDOPTS"] = "--no-such-option"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, args)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["--problems", "rosenbrok"], "did you mean 'rosenbrock'?"),
        (["--backends", "numerica"], "'numerical'"),
        (["--backends", "numerical:sideways"], "unknown mode of numerical"),
    ],
)
def test_unknown_names_give_the_nearest(tmp_path, args, hint):
    pytest.importorskip("pytest_benchmark", reason="pip install 'gradcheck[bench]'")
    done = run(tmp_path, *args)
    assert done.returncode == 2
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_stores_its_records_and_writes_its_report(tmp_path):
    pytest.importorskip("pytest_benchmark", reason="pip install 'gradcheck[bench]'")
    pytest.importorskip("matplotlib", reason="pip install 'gradcheck[bench]'")
    done = run(tmp_path, "--quick", "--problems", "notebook", "--backends", "analytic", "--json", "b.json")
    assert done.returncode == 0, done.stderr
    stored = json.loads((tmp_path / "b.json").read_text())
    assert [(b["extra_info"]["engine"], b["extra_info"]["size"]) for b in stored["benchmarks"]] == [
        ("analytic", 3), ("analytic", 99), ("analytic", 9999),
    ]  # fmt: skip
    assert [e["operator"] for e in stored["gradcheck"]["excluded"]] == ["value"]
    assert (tmp_path / "bench.html").exists()
