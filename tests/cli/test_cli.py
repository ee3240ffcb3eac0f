"""The command line: exit codes, what is on stdout and what on stderr."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest
from typer.testing import CliRunner

import gradcheck
from gradcheck import cli, discovery

FAST = ("--backends", "numerical,sympy")
needs_sympy = pytest.mark.skipif(find_spec("sympy") is None, reason="needs: pip install 'gradcheck[sympy]'")
NOTEBOOK = ("(x + y) * z", "x=-2", "y=5", "z=-4")

CASES = """
import gradcheck

@gradcheck.case(inputs=lambda rng: (rng.normal(size=3),), gradient=lambda w: 2 * w, tags=["mine"], source="by hand")
def user_right(xp, w):
    return xp.sum(w**2)

def cube(xp, x, y=2.0):
    return y * x**3

def native(x):
    return x**2

def raises(xp, x):
    raise RuntimeError("the sensor is off")
"""

WRONG = """
import gradcheck

@gradcheck.case(inputs=lambda rng: (rng.normal(size=3),), gradient=lambda w: -2 * w, tags=["mine"])
def user_wrong(xp, w):
    return xp.sum(w**2)
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """Leave neither a user's cases nor their folders behind."""
    from gradcheck.cases import registry

    discovery.load_catalogue()
    monkeypatch.setattr(registry, "_cases", dict(registry._cases))
    monkeypatch.setattr(registry, "_by_function", dict(registry._by_function))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "200")
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.endswith(("user_cases", "wrong_cases")):
            del sys.modules[name]


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "user_cases.py"
    path.write_text(CASES)
    return path


@pytest.fixture
def wrong_cases(tmp_path):
    path = tmp_path / "wrong_cases.py"
    path.write_text(WRONG)
    return path


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments], catch_exceptions=False)


def wrong_use(*arguments):
    """Return what wrong use prints on stderr: one line, or two of which the second is a caret's."""
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    return result.stderr


def python(*arguments, **options):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


# -- wrong use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "rosenbrok"], "did you mean 'rosenbrock'"),
        (["run", "--backends", "numercal"], "did you mean 'numerical'"),
        (["run", "--backends", "numerical:sideways"], "unknown mode of numerical 'sideways'"),
        (["run", "--backends", " , "], "a list of names is empty"),
        (["run", "--operator", "gradien"], "did you mean 'gradient'"),
        (["run", "--dtype", "float46"], "did you mean 'float64'"),
        (["run", "--seed", "-1"], "the seed must not be negative"),
        (["run", "--module", "no_such_module_anywhere"], "No module named 'no_such_module_anywhere'"),
        (["run", "--module", "no_such_file.py"], "there is no file no_such_file.py"),
        (["run", "--module", "json"], "no case is registered by json"),
        (["list", "rosenbrok"], "did you mean 'rosenbrock'"),
        (["list", "neuron"], "did you mean 'sigmoid_neuron'"),
        (["check", ""], "the expression is empty"),
        (["check", "(x + y", "x=1", "y=2"], "'(' is never closed"),
        (["check", "x + y", "x=1"], "no value given for y; write y=..."),
        (["check", "x + y"], "no value given for x, y; write x=... y=..."),
        (["check", "x", "x=1", "q=2"], "unknown variable 'q'; known: x"),
        (["check", "x * e", "x=1", "e=2"], "e is a constant (2.71828)"),
        (["check", "x", "x=1", "x=2"], "two values are given for x"),
        (["check", "x", "x"], "wanted name=value"),
        (["check", "x", "x=one"], "'one' is a name"),
        (["check", "x", "x=[1,[2]]"], "equal lengths"),
        (["check", "x", "x=1", "--operater=hvp"], "there is no such option"),
        (["check", "x", "x=1", "--backends", "nobody"], "unknown backend 'nobody'"),
        (["check", "__import__('os').system('true')", "x=1"], "strings are not allowed"),
        (["check", "cases.py"], "name a function of the file: cases.py:function"),
        (["check", "no_such_module:f", "x=1"], "No module named 'no_such_module'"),
        (["check", "no_such_file.py:f", "x=1"], "there is no file"),
        (["check", "json:dump", "q=1"], "unknown variable 'q'"),
        (["check", "json:dumsp", "x=1"], "did you mean 'dump' or 'dumps'"),
    ],
)
def test_wrong_use_is_one_line_and_code_2(arguments, reason):
    assert reason in wrong_use(*arguments)


def test_the_caret_keeps_its_place_below_the_prefix():
    first, second = wrong_use("check", "x + $", "x=1").splitlines()
    assert first[second.index("^")] == "$"


def test_a_million_brackets_are_one_line():
    started = time.perf_counter()
    assert "at most 10000 are read" in wrong_use("check", "(" * 10**6 + "x" + ")" * 10**6, "x=1")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("option", ["--json", "--html"])
@pytest.mark.parametrize("command", [["run", "rosenbrock"], ["check", "x", "x=1"]])
def test_an_unwritable_file_is_refused_before_the_run(tmp_path, monkeypatch, option, command):
    def never(*args, **kwargs):
        raise AssertionError("it ran")

    monkeypatch.setattr("gradcheck.verification.verify", never)
    assert "No such file or directory" in wrong_use(*command, option, tmp_path / "absent" / "report")
    assert "Is a directory" in wrong_use(*command, option, tmp_path)


def test_a_refused_run_leaves_no_empty_file(tmp_path):
    wrong_use("run", "rosenbrok", "--json", tmp_path / "report.json")
    assert not (tmp_path / "report.json").exists()


def test_a_module_that_fails_is_named(tmp_path):
    path = tmp_path / "wrong_cases.py"
    path.write_text("import sys; sys.exit(5)")
    assert "wrong_cases.py cannot be imported: SystemExit: 5" in wrong_use("run", "--module", path)
    path.write_text("1 / 0")
    assert "ZeroDivisionError: division by zero" in wrong_use("check", f"{path}:f")


def test_a_function_without_values_or_case(cases):
    assert "no value given for x; write x=..." in wrong_use("check", f"{cases}:cube")
    assert "unknown function of" in wrong_use("check", f"{cases}:cub", "x=1")


# -- check ----------------------------------------------------------------------------------------


def rows(result):
    """Return the rows of the table on stdout by their first cell."""
    lines = [[cell.strip() for cell in line.split("│")] for line in result.stdout.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if len(cells) > 1}


@needs_sympy
def test_an_expression_shows_value_and_gradient_of_every_engine():
    result = invoke("check", *NOTEBOOK, "--backends", "numerical,sympy,sympy:backprop")
    assert result.exit_code == 0
    for engine in ("numerical", "sympy", "sympy:backprop"):
        assert rows(result)[engine] == ["-12", "AGREE", "(-4, -4, 3)", "AGREE"]


@needs_sympy
def test_an_expression_that_starts_with_minus():
    result = invoke("check", "-x**2", "x=3", *FAST)
    assert result.exit_code == 0
    assert rows(result)["sympy"] == ["-9", "AGREE", "-6", "AGREE"]


@needs_sympy
def test_an_expression_with_arrays_gives_a_jacobian():
    result = invoke("check", "m @ v", "m=[[1, 2], [3, 4]]", "v=[1, -1]", *FAST)
    assert result.exit_code == 0
    assert "jacobian" in result.stdout
    assert rows(result)["sympy"] == ["[-1, -1]", "AGREE", "shape (2, 2, 2), (2, 2)", "AGREE"]


@needs_sympy
def test_the_operator_can_be_chosen():
    result = invoke("check", "x * y**2", "x=2", "y=3", "--operator", "hessian", *FAST)
    assert result.exit_code == 0
    assert rows(result)["sympy"][2] == "(0, 6, 6, 4)"
    assert "gradient" not in result.stdout


@needs_sympy
def test_the_report_of_a_check_is_written_as_json(tmp_path):
    path = tmp_path / "report.json"
    assert invoke("check", *NOTEBOOK, *FAST, "--json", path).exit_code == 0
    statuses = {v["status"] for v in json.loads(path.read_text())["verdicts"]}
    assert statuses == {"AGREE"}


@needs_sympy
def test_a_function_of_a_file(cases):
    result = invoke("check", f"{cases}:cube", "x=2", *FAST)
    assert result.exit_code == 0
    assert rows(result)["sympy"] == ["16", "AGREE", "(24, 8)", "AGREE"]  # y=2 by default


@needs_sympy
def test_a_function_of_a_module_here(cases, monkeypatch):
    monkeypatch.chdir(cases.parent)
    result = invoke("check", "user_cases:cube", "x=2", "y=1", *FAST)
    assert result.exit_code == 0
    assert rows(result)["sympy"] == ["8", "AGREE", "(12, 8)", "AGREE"]


@needs_sympy
def test_a_registered_case_brings_its_inputs(cases):
    result = invoke("check", f"{cases}:user_right", *FAST)
    assert result.exit_code == 0
    assert "user_right" in result.stdout


@needs_sympy
def test_a_registered_case_at_other_values_keeps_its_rule(wrong_cases):
    result = invoke("check", f"{wrong_cases}:user_wrong", "w=[1,2]", "--backends", "analytic,sympy")
    assert result.exit_code == 1
    assert "WRONG" in rows(result)["analytic"]


@needs_sympy
def test_a_function_that_raises_is_something_wrong(cases):
    result = invoke("check", f"{cases}:raises", "x=2", *FAST)
    assert result.exit_code == 1
    assert "the sensor is off" in result.output


# -- run and list ---------------------------------------------------------------------------------


@needs_sympy
def test_a_run_that_agrees(tmp_path, cases):
    path, page = tmp_path / "report.json", tmp_path / "report.html"
    result = invoke("run", "--module", cases, *FAST, "--json", path, "--html", page)
    assert result.exit_code == 0
    assert "AGREE" in result.stdout
    assert result.stderr == ""  # no bar where there is no terminal
    assert {v["case"] for v in json.loads(path.read_text())["verdicts"]} == {"user_right"}
    assert "<html" in page.read_text()


@needs_sympy
def test_a_run_with_a_fault(cases, wrong_cases):
    result = invoke("run", "mine", "--module", cases, "--module", wrong_cases, "--backends", "analytic,sympy")
    assert result.exit_code == 1
    assert "WRONG" in result.stdout
    assert "user_wrong" in result.stdout


def test_strict_and_dtype_and_operator_reach_the_run(monkeypatch):
    seen = []

    def run(cases, options, *, brief, progress):
        seen.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck.verification.run", run)
    arguments = ["--strict", "--dtype", "float32", "--operator", "gradient,hvp", "--operator", "vjp", "--seed", "3"]
    result = invoke("run", "rosenbrock", "--backends", "jax,torch:compile", "--backends", "numerical", *arguments)
    assert result.exit_code == 130
    (options,) = seen
    assert options.backends == ("jax", "torch:compile", "numerical")
    assert options.operators == ("gradient", "hvp", "vjp")
    assert (options.strict, options.dtype, options.seed) == (True, "float32", 3)


@pytest.mark.parametrize(
    ("arguments", "brief"),
    [
        ([], True),
        (["--all"], False),
        (["--operator", "hvp"], False),
        (["rosenbrock"], False),
        (["rosenbrock", "--all"], False),
    ],
)
def test_only_a_run_of_everything_is_brief_unless_told_otherwise(monkeypatch, arguments, brief):
    seen = []

    def run(cases, options, *, brief, progress):
        seen.append(brief)
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck.verification.run", run)
    assert invoke("run", *arguments, "--jobs", "1").exit_code == 130
    assert seen == [brief]


def test_a_brief_run_takes_the_first_point_and_operator():
    from gradcheck.options import Options
    from gradcheck.verification import run

    report = run(["polynomial"], Options(backends=("numerical", "analytic")), brief=True)
    assert {v.point for v in report.verdicts} == {"ordinary"}
    assert {v.operator for v in report.verdicts} == {"gradient"}


def test_report_counts_by_field_and_says_what_is_unexplained():
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    result = invoke("run", "polynomial", "notebook", "--report", "--backends", "numerical,analytic")
    assert result.exit_code == 0
    assert re.search(r"elementwise +1 +3 +1 ", result.stdout)
    assert "0 unexplained, 0 by known defects" in result.stdout


def test_coverage_counts_functions_and_names_those_in_no_case():
    result = invoke("list", "polynomial", "powers", "--coverage")
    assert result.exit_code == 0
    assert "2 cases, 4 points, 2 cases of second order; 2 of " in result.stdout
    assert re.search(r"in no case: .*special\.erf", result.stdout)


@needs_sympy
def test_an_interrupted_run_shows_what_it_has(monkeypatch, cases, tmp_path):
    from gradcheck import verification

    path = tmp_path / "report.json"
    original = verification.run

    def run(cases, options, *, brief, progress):
        original(cases[:1], options, brief=brief, progress=progress)
        raise KeyboardInterrupt

    monkeypatch.setattr(verification, "run", run)
    result = invoke("run", "user_right", "rosenbrock", "--module", cases, *FAST, "--json", path)
    assert result.exit_code == 130
    assert "AGREE" in result.stdout
    assert result.stderr == "error: interrupted after 1 of 2 case(s); nothing was written\n"
    assert not path.exists()


def test_list_shows_the_facts_of_a_case(cases):
    result = invoke("list", "--module", cases)
    assert result.exit_code == 0
    assert "user_right   w (3,)   gradient    mine   by hand" in result.stdout
    assert result.stdout.endswith("1 case(s)\n")


def test_list_selects_by_tag_and_name():
    assert "rosenbrock" in invoke("list", "rosenbrock").stdout


# -- the process ----------------------------------------------------------------------------------


def test_version_and_help_are_cheap():
    code = (
        "import sys; from gradcheck.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "finally: print('numpy' in sys.modules, file=sys.stderr)"
    )
    version = python("-c", code, "--version")
    assert (version.returncode, version.stdout) == (0, f"gradcheck {gradcheck.__version__}\n")
    assert version.stderr == "False\n"
    shown = python("-c", code, "--help")
    assert (shown.returncode, shown.stderr) == (0, "False\n")
    for command in ("run", "list", "doctor", "check", "bench"):
        assert command in shown.stdout


def test_list_imports_no_framework():
    code = (
        "import sys; from gradcheck.cli import app\n"
        "try: app(['list'])\n"
        "finally: print(sorted({'torch', 'jax', 'tensorflow', 'sympy'} & set(sys.modules)), file=sys.stderr)"
    )
    listed = python("-c", code)
    assert (listed.returncode, listed.stderr) == (0, "[]\n")


def test_an_unknown_command_is_code_2():
    assert python("-m", "gradcheck.cli", "rnu").returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="this platform has no SIGINT for processes")
def test_control_c_is_one_line_and_130(tmp_path):
    path = tmp_path / "slow_case.py"
    path.write_text(
        "import time, gradcheck\n"
        "@gradcheck.case(inputs=lambda rng: (1.0,), operators=['gradient'])\n"
        "def slow(xp, x):\n"
        "    print('evaluating', flush=True)\n"
        "    time.sleep(60)\n"
        "    return x\n"
    )
    # a shell's background jobs ignore SIGINT, and their children inherit that
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import gradcheck.cli as c; c.main()"
    )
    command = [sys.executable, "-c", program, "run", "--module", str(path), "--backends", "numerical"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "evaluating\n"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors == "error: interrupted after 0 of 1 case(s); nothing was written\n"
