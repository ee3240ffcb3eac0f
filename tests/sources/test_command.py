"""``gradcheck run --from``: wrong use first, then what it says of entries of every fate."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from typer.testing import CliRunner

from gradcheck import cli, sources
from gradcheck.errors import BrokenBackendError, MissingBackendError, UnknownNameError
from gradcheck.estimates import Engine
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator
from gradcheck.options import Options
from gradcheck.report import Report


def run(*arguments):
    result = CliRunner().invoke(cli.app, ["run", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--from", "fakr"], "unknown source of cases 'fakr'; did you mean 'fake'"),
        (["--from", "missing"], "missing needs no_such_framework_anywhere; try: pip install"),
        (["--from", "misnamed"], "is not a Source named 'misnamed'"),
        (["--from", "fake", "rihgt"], "unknown entry of fake 'rihgt'; did you mean 'right'"),
        (["--from", "fake", "q*"], "unknown entry of fake 'q*'"),
        (["--from", "fake", "--backends", "nobody"], "unknown backend 'nobody'"),
        (["--from", "fake", "--all"], "do not go with --from"),
        (["--from", "fake", "--module", "json"], "do not go with --from"),
        (["--from", "fake", "--samples", "0"], "--samples"),
        (["--samples", "2"], "goes with --from only"),
        (["polynomial", "--limit", "2"], "this is one process; add -j 2"),
        (["-j", "0"], "--jobs"),
    ],
)
def test_wrong_use(site, arguments, reason):
    code, told = run(*arguments)
    assert code == 2
    assert reason in told


def test_names_and_loading(site):
    assert {"fake", "misnamed", "missing"} <= set(sources.names())
    assert sources.load("fake").name == "fake"
    for name, error in (
        ("nobody", UnknownNameError),
        ("missing", MissingBackendError),
        ("misnamed", BrokenBackendError),
    ):
        with pytest.raises(error):
            sources.load(name)


def test_patterns_select_by_name_and_alias(site):
    source = sources.load("fake")
    assert [e.name for e in source.select(["*t*g*"])] == ["integer"]
    assert [e.name for e in source.select(["op.*", "hangs"])] == ["right", "hangs"]
    assert len(source.select()) == 6


def test_every_entry_has_its_line(site):
    path = site / "report.json"
    code, told = run("--from", "fake", "--limit", "8", "--samples", "1", "-j", "1", "--json", path)
    assert code == 1
    assert "right 1 AGREE" in told
    assert "wrong 1 WRONG also skipped upstream: test_grad" in told
    assert "crashes 1 INCONCLUSIVE" in told  # nobody is left to hold the gradient by hand against
    late = "timed out: it was ended after 8 s"
    next_to_hang = "exact value" if find_spec("flint") else "numerical gradient"
    assert f"hangs - ERROR {late} at numerical value; {late} at {next_to_hang}" in told
    assert "refuses - not checked its samples cannot be drawn: OSError: the samples are gone" in told
    assert "integer - not checked output is integer: int64" in told
    assert "3 of 6 entries checked with 3 samples, 1 pass: 1 AGREE, 1 WRONG, 1 INCONCLUSIVE" in told
    assert "1 not checked: output is integer" in told
    assert "not all agree: 1 ERROR, 1 WRONG, 1 INCONCLUSIVE" in told
    written = json.loads(path.read_text())
    assert written["settings"]["source"] == "fake"
    assert [e["name"] for e in written["settings"]["entries"]] == [
        "right", "wrong", "crashes", "hangs", "refuses", "integer",
    ]  # fmt: skip
    crashed = [v for v in written["verdicts"] if v["case"] == "crashes" and v["engine"] == "numerical"]
    assert {v["evidence"]["reason"] for v in crashed} == {"crashed the process with signal 11"}
    wrong = [v for v in written["verdicts"] if v["status"] == "WRONG"]
    assert all("also skipped upstream: test_grad" in v["evidence"]["reason"] for v in wrong)


def test_what_passes_ends_with_0(site):
    code, told = run("--from", "fake", "right", "integer", "--samples", "2", "-j", "1")
    assert code == 0, told
    assert "right 2 AGREE" in told


def test_nothing_checked_is_no_pass(site):
    code, told = run("--from", "fake", "integer")
    assert code == 1
    assert "nothing was checked" in told


def test_an_interrupt_shows_what_is_done(site, monkeypatch):
    def interrupted(source, entries, *rest):
        yield sources.examine(source, entries[0], Options(), 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "check", interrupted)
    path = site / "report.json"
    code, told = run("--from", "fake", "--json", path)
    assert code == 130
    assert "right 1 AGREE" in told
    assert "interrupted with 5 entries to go" in told
    assert not path.exists()


def test_an_entry_that_took_its_process_with_it_is_an_error(site):
    source = sources.load("fake")
    lost = sources._lost(source, source.select(["crashes"])[0], "crashed the process with signal 11")
    assert lost.status is Status.ERROR
    assert not lost.samples
    assert not lost.report


def test_an_operator_that_no_engine_has_is_left_out_and_said():
    def verdict(engine, operator, status, witness=False):
        return Verdict("f", "p", Engine(engine), operator, status, Evidence("no rule"), witness=witness)

    report = Report(
        (
            verdict("torch", Operator.VJP, Status.AGREE),
            verdict("torch", Operator.JVP, Status.UNSUPPORTED),
            verdict("numerical", Operator.JVP, Status.INCONCLUSIVE, witness=True),
        )
    )
    kept, told = sources._supported(report)
    assert not report
    assert kept
    assert told == ["no engine has its jvp: no rule"]


@pytest.mark.skipif(find_spec("torch") is None, reason="needs: pip install 'gradcheck[torch]'")
def test_without_expecttest_the_pip_line_is_named(site):
    code = "import sys; sys.modules['expecttest'] = None; from gradcheck.cli import main; main()"
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "--from", "torch-opinfo", "abs"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "needs expecttest, which is not installed; try: pip install 'gradcheck[opinfo]'" in done.stderr
    assert done.stdout == ""
