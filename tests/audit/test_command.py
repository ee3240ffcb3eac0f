"""The command ``gradcheck audit``."""

import json
import re

import pytest
from typer.testing import CliRunner

from gradcheck.audit import running
from gradcheck.audit.alarms import Round
from gradcheck.audit.plan import FULL, QUICK, plan
from gradcheck.audit.recall import Cell, Outcome, Setting
from gradcheck.audit.running import Done
from gradcheck.cli import app

pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

MINE = """
import numpy as np
import torch

def loss(xp, w):
    return xp.sum(xp.tanh(w) ** 2)

def native(w):
    return np.sum(np.tanh(w) ** 2)

def blind(f, w):
    return True

def never(f, w):
    assert False

def closed(f, gradient, w):
    np.testing.assert_allclose(gradient(w), 2 * np.tanh(w) / np.cosh(w) ** 2, rtol=1e-12)
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return str(path)


def audit(*arguments):
    result = CliRunner().invoke(app, ["audit", *arguments])
    return result.exit_code, " ".join(result.output.split())


def test_a_blind_check_misses_all_and_fails(mine):
    code, told = audit(f"{mine}:blind", "--function", f"{mine}:loss", "w=[0.3,-1.2,0.7]", "--backends", "torch")
    assert code == 1
    found = re.search(r"blind would miss (\d+) of (\d+) faults", told)
    assert found is not None
    missed, kinds = map(int, found.groups())
    assert missed == kinds >= 25


def test_a_check_that_rejects_everything_is_told_of_the_right_gradient(mine):
    code, told = audit(f"{mine}:never", "--function", f"{mine}:loss", "w=[0.3,-1.2,0.7]")
    assert code == 1
    assert "never would miss 0 of" in told
    assert "never rejects the right gradient of loss" in told


def test_a_check_of_a_gradient_in_numpy(mine):
    code, told = audit(f"{mine}:closed", "--function", f"{mine}:loss", "w=[0.3,-1.2,0.7]")
    assert code == 1
    assert "sign flipped loss found" in told
    assert "wrong when not contiguous loss missed" in told
    assert "|u|" not in told


def test_a_portable_function_tries_gradcheck_and_the_frameworks_checkers(mine):
    code, told = audit(f"{mine}:loss", "w=[0.3,-1.2,0.7]")
    assert code == 0, told
    assert "gradcheck would miss 0 of" in told
    assert "torch gradcheck would miss" in told


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--backends", "sympy"), "custom rules"),
        (("--seed", "-1"), "negative"),
        (("{mine}:blind", "w=[1.0]"), "--function"),
        (("{mine}:blind", "--function", "{mine}:native", "w=[1.0]"), "portable"),
        (("{mine}:absent",), "absent"),
        (("--json", "/nowhere/at/all.json"), "cannot write"),
    ],
)
def test_wrong_use(mine, arguments, reason):
    code, told = audit(*(a.format(mine=mine) for a in arguments))
    assert code == 2
    assert reason in told


CELL = Cell("factor 2", 1.0, "float64", Setting.ALONE, "torch")


def interrupted(tasks, jobs):
    yield Done(0, tasks[0], outcomes=(Outcome(CELL, "loss", 0, False, caught=True, named=True),))
    raise KeyboardInterrupt


def test_an_interrupt_shows_and_writes_what_is_done(monkeypatch, tmp_path):
    monkeypatch.setattr(running, "do_all", interrupted)
    path = tmp_path / "audit.json"
    code, told = audit("--quick", "--backends", "torch", "--json", str(path))
    assert code == 130
    assert "factor 2 1 0 % 100 % 100 %" in told
    assert "interrupted: 1 of" in told
    assert json.loads(path.read_text())["tasks"]["done"] == 1


def test_a_missed_figure_fails(monkeypatch):
    def missing(tasks, jobs):
        yield Done(0, tasks[0], outcomes=(Outcome(CELL, "loss", 0, False),))

    monkeypatch.setattr(running, "do_all", missing)
    code, told = audit("--quick", "--backends", "torch")
    assert code == 1
    assert "MISSED" in told
    assert "factor 2, loss, seed 0" in told


@pytest.mark.parametrize("amount", [FULL, QUICK])
@pytest.mark.parametrize("names", [["torch"], ["torch", "jax", "tensorflow"]])
def test_the_plan_asks_only_the_frameworks_there_are(amount, names):
    tasks = plan(amount, names)
    cells = [t for t in tasks if isinstance(t, Cell)]
    assert {t.backend for t in cells} == set(names)
    assert (Setting.SECOND in {t.setting for t in cells}) == (len(names) > 1)
    assert {n for t in tasks if isinstance(t, Round) for n in t.backends} == set(names)
    assert len(set(tasks)) == len(tasks)


@pytest.mark.slow
def test_two_processes_give_what_one_gives():
    tasks = [CELL, Cell("sign flipped", 1.0, "float64", Setting.ALONE, "torch")]
    together = sorted(running.do_all(tasks, 2), key=lambda d: d.position)
    assert together == list(running.do_all(tasks, 1))
