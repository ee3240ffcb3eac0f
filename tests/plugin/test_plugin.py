"""The pytest plugin, run on little suites of its own by pytester."""

import subprocess
import sys

import pytest

CASES = """
    import gradcheck
    import numpy as np

    @gradcheck.case(inputs=lambda rng: (rng.normal(size=3),), gradient=lambda x: 2.0 * x, tags=["smooth"])
    def square(xp, x):
        return xp.sum(x * x)

    @gradcheck.case(
        inputs=lambda rng: {"near zero": (np.array([0.1]),), "far": (np.array([3.0, 4.0]),)},
        gradient=lambda x: 3.0 * x**2,
        operators=["gradient"],
        name="cubes",
    )
    def test_cubic(xp, x):
        return xp.sum(x**3)
"""

WRONG = """
    import gradcheck
    import numpy as np

    @gradcheck.case(inputs=lambda rng: (np.array([1.0, 2.0, 3.0]),), gradient=lambda w: np.array([2.0, 4.0, -6.0]))
    def flipped(xp, w):
        return xp.sum(w * w)
"""

FAST = "--gradcheck-backends=numerical,analytic"
ALONE = ("-p", "no:benchmark", "-p", "no:hypothesispytest", "-Werror")
"""Without other plugins that take their time to start."""


@pytest.fixture
def suite(pytester):
    """Return ``run(*arguments)``, which runs pytest over the suite in a process of its own."""

    def run(*arguments):
        return pytester.runpytest_subprocess(*ALONE, FAST, *arguments)

    return run


def ids(result):
    """Return the node ids that ``--collect-only -q`` printed."""
    return [line for line in result.outlines if "::" in line]


def verdict_rows(result):
    """Return the matrix of the terminal summary as a dict from engine to cells, its header under ``engine``."""
    lines = [line.split() for line in result.outlines]
    start = next(i for i, cells in enumerate(lines) if cells[1:2] in (["check,"], ["checks,"])) + 1
    return {cells[0]: cells[1:] for cells in lines[start:] if len(cells) == len(lines[start])}


# -- start-up ---------------------------------------------------------------------------------


def test_loading_the_plugin_imports_nothing_heavy():
    code = "import sys, gradcheck.pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "gradcheck.pytest_plugin" in loaded
    assert not {"numpy", "gradcheck.cases", "gradcheck.errors", "optree", "rich"} & set(loaded)


def test_a_session_without_checks_imports_nothing_heavy_and_says_nothing(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy():
            assert not {"gradcheck.cases", "gradcheck.errors", "gradcheck.verification", "optree"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess(*ALONE)
    result.assert_outcomes(passed=1)
    assert "gradcheck" not in "".join(line for line in result.outlines if not line.startswith("plugins"))


# -- wrong use --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gradcheck-backends=numerica,analytic"], "--gradcheck-backends: unknown backend 'numerica'*'numerical'*"),
        (["--gradcheck", "--gradcheck-backends=numerical:centrl"], "--gradcheck-backends: *'centrl'*'central'*"),
        (["--gradcheck-backends=,"], "--gradcheck-backends: backends must be a list of names, got *; known: *"),
        (["--gradcheck-dtype=float46"], "--gradcheck-dtype: unknown dtype 'float46'*'float64'*"),
        (["--gradcheck-seed=-1"], "--gradcheck-seed: seed must be a whole number from 0, got '-1'"),
        (["-n1", "--gradcheck-seed=one"], "--gradcheck-seed: seed must be a whole number from 0, got 'one'"),
        (["--gradcheck-catalogue=rosenbrok"], "--gradcheck-catalogue: unknown case or tag 'rosenbrok'*'rosenbrock'*"),
    ],
)
def test_a_wrong_option_is_a_usage_error(pytester, arguments, message):
    result = pytester.runpytest_subprocess(*ALONE, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("backend=['numerical']", "*::test_marked: marker gradcheck: unknown argument 'backend'*'backends'*"),
        ("'numerical'", "*::test_marked: marker gradcheck: it takes keywords only, got 'numerical'*"),
        ("backends='numerical'", "*: backends must be a list of names, got 'numerical'; known: *"),
        ("backends=['numerica']", "*: unknown backend 'numerica'*'numerical'*"),
        ("dtype='float46'", "*: unknown dtype 'float46'*'float64'*"),
        ("seed='one'", "*: seed must be a whole number from 0, got 'one'"),
        ("order=3", "*: order must be 1 or 2, got 3"),
        ("strict='no'", "*: strict must be True or False, got 'no'"),
    ],
)
def test_a_wrong_marker_fails_its_own_test_and_no_other(pytester, suite, marker, message):
    marked = f"import pytest\n@pytest.mark.gradcheck({marker})\ndef test_marked(): pass\n"
    pytester.makepyfile(marked + "def test_plain(): pass")
    result = suite()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([message])


def test_a_wrong_marker_under_xdist_fails_the_test(pytester, suite):
    marked = "import pytest\n@pytest.mark.gradcheck(backend=[])\ndef test_marked(): pass\n"
    pytester.makepyfile(marked + "def test_plain(): pass")
    result = suite("-n1")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*::test_marked: marker gradcheck: unknown argument 'backend'*'backends'*"])


BROKEN = """
    import sys

    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name in ("torch", "jax", "tensorflow"):
                raise ImportError(f"no {name} here")

    sys.meta_path.insert(0, Broken())
"""


def test_asking_for_a_broken_framework_is_a_usage_error_with_its_remedy(pytester):
    pytester.makeconftest(BROKEN)
    result = pytester.runpytest_subprocess(*ALONE, "--gradcheck", "--gradcheck-backends=torch")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --gradcheck-backends: torch is broken: *no torch here*pip install*torch*"])


def test_frameworks_that_took_no_part_are_in_the_summary(pytester):
    pytester.makeconftest(BROKEN)
    pytester.makepyfile(test_a=CASES)
    result = pytester.runpytest_subprocess(*ALONE, "--gradcheck", "-k", "square")
    start = result.outlines.index(next(line for line in result.outlines if "1 check, " in line))
    for name in ("jax", "tensorflow", "torch"):
        (line,) = [line for line in result.outlines[start:] if line.startswith(f"{name} is broken: ")]
        assert f"no {name} here; try: pip install" in line


# -- the fixture ------------------------------------------------------------------------------


def test_the_fixture_passes_fails_and_is_counted(pytester, suite):
    pytester.makepyfile(
        """
        import numpy as np

        def f(xp, w):
            return xp.sum(w * w)

        def test_right(check_gradients):
            report = check_gradients(f, np.array([1.0, 2.0]), gradient=lambda w: 2 * w)
            assert report.verdict("analytic").status == "AGREE"

        def test_wrong(check_gradients):
            check_gradients(f, np.array([1.0, 2.0]), gradient=lambda w: np.array([2.0, -4.0]))
        """
    )
    result = suite()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["test_the_fixture*.py:11: analytic WRONG at w[[]1]*"])
    result.stdout.no_fnmatch_line("*gradcheck/*.py*")  # no traceback from inside gradcheck
    result.stdout.fnmatch_lines(["2 checks, 1 failed"])
    rows = verdict_rows(result)
    assert rows["engine"] == ["AGREE", "WRONG"]
    assert rows["analytic"] == ["1", "1"]


def test_arguments_win_over_markers_and_markers_over_options(pytester, suite):
    pytester.makepyfile(
        """
        import numpy as np
        import pytest

        pytestmark = pytest.mark.gradcheck(seed=3, dtype="float32")

        def f(xp, w):
            return xp.sum(w * w)

        @pytest.mark.gradcheck(seed=4)
        def test_settings(check_gradients):
            settings = check_gradients(f, np.ones(2), gradient=lambda w: 2 * w).settings
            assert (settings["seed"], settings["dtype"]) == (4, "float32")
            settings = check_gradients(f, np.ones(2), gradient=lambda w: 2 * w, seed=5).settings
            assert settings["seed"] == 5

        def test_module(check_gradients):
            settings = check_gradients(f, np.ones(2), gradient=lambda w: 2 * w).settings
            assert settings["seed"] == 3
            assert list(settings["backends"]) == ["numerical", "analytic"]
        """
    )
    suite("--gradcheck-seed=2").assert_outcomes(passed=2)


# -- cases as items ---------------------------------------------------------------------------


def test_case_functions_are_never_test_functions(pytester, suite):
    pytester.makepyfile(helper=CASES, test_a=CASES.replace("cubes", "own_cubes").replace("square", "own_square"))
    pytester.makepyfile(test_b="from helper import test_cubic\ndef test_plain(): pass")
    assert ids(suite("--collect-only", "-q")) == ["test_b.py::test_plain"]


def test_ids_are_sorted_and_imported_cases_belong_to_their_own_module(pytester, suite):
    pytester.makepyfile(test_a=CASES, test_b="from test_a import square, test_cubic\ndef test_plain(): pass")
    assert ids(suite("--gradcheck", "--collect-only", "-q")) == [
        "test_a.py::cubes::gradient[far]",
        "test_a.py::cubes::gradient[near zero]",
        "test_a.py::square::gradient",
        "test_b.py::test_plain",
    ]


@pytest.mark.parametrize(
    ("selection", "passed"),
    [
        (["test_a.py::cubes"], 2),
        (["test_a.py::cubes::gradient[near zero]"], 1),
        (["-k", "smooth"], 1),  # a tag
        (["-k", "cubes and far"], 1),
        (["-m", "gradcheck"], 3),
    ],
)
def test_selection(pytester, suite, selection, passed):
    pytester.makepyfile(test_a=CASES + "\n    def test_plain(): pass")
    suite("--gradcheck", "--strict-markers", *selection).assert_outcomes(
        passed=passed, deselected=0 if "::" in selection[0] else 4 - passed
    )


def test_cases_without_a_name_in_the_module_are_collected(pytester, suite):
    pytester.makepyfile(
        test_a="""
        import gradcheck
        import numpy as np

        for n in (2, 3):
            gradcheck.case(name=f"sphere-{n}", inputs=lambda rng: (np.ones(2),))(lambda xp, x: xp.sum(x**2))
        """
    )
    assert ids(suite("--gradcheck", "--collect-only", "-q", "--doctest-modules")) == [
        "test_a.py::sphere-2::gradient",
        "test_a.py::sphere-3::gradient",
    ]


def test_order_2_adds_the_hessian(pytester, suite):
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    pytester.makepyfile(
        test_a=CASES
        + """
    import pytest

    pytestmark = pytest.mark.gradcheck(order=2)

    @gradcheck.case(inputs=lambda rng: (np.ones(2),), operators=["jacobian"])
    def doubled(xp, x):
        return 2.0 * x
    """
    )
    result = suite("--gradcheck", "-k", "smooth or doubled", "-v")
    result.assert_outcomes(passed=4)
    assert sorted(line.split()[0] for line in result.outlines if " PASSED " in line) == [
        "test_a.py::doubled::hessian",
        "test_a.py::doubled::jacobian",
        "test_a.py::square::gradient",
        "test_a.py::square::hessian",
    ]


def test_a_failing_case_names_engine_argument_and_element_and_is_run_again_by_lf(pytester, suite):
    pytester.makepyfile(test_a=CASES, test_b=WRONG)
    result = suite("--gradcheck")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*flipped::gradient*",
            "analytic WRONG at w[[]2]*",
            "FAILED test_b.py::flipped::gradient - *analytic WRONG at w[[]2]*",
        ]
    )
    result.stdout.no_fnmatch_line("*gradcheck/*.py*")
    suite("--gradcheck", "--lf").assert_outcomes(failed=1)


def test_failing_points_are_run_again_by_lf(pytester, suite):
    pytester.makepyfile(
        test_a="""
    import numpy as np
    import gradcheck

    @gradcheck.case(
        inputs=lambda rng: {"near one": (np.ones(2),), "far": (np.full(2, 9.0),)},
        gradient=lambda w: 2 * w + (w > 5),
    )
    def bent(xp, w):
        return xp.sum(w**2)
    """
    )
    suite("--gradcheck").assert_outcomes(passed=1, failed=1)
    assert ids(suite("--gradcheck", "--lf", "--collect-only", "-q")) == ["test_a.py::bent::gradient[far]"]


def test_the_summary_under_xdist_is_whole_and_printed_once(pytester, suite):
    pytester.makepyfile(test_a=CASES, test_b=WRONG)
    rows = verdict_rows(suite("--gradcheck"))
    result = suite("--gradcheck", "-n2")
    result.assert_outcomes(passed=3, failed=1)
    assert verdict_rows(result) == rows
    assert rows["engine"] == ["AGREE", "WRONG"]
    assert rows["analytic"] == ["3", "1"]
    assert sum("checks, " in line for line in result.outlines) == 1
    result.stdout.fnmatch_lines(["4 checks, 1 failed"])
    result.stdout.no_fnmatch_line("*no cases*")


def test_broken_inputs_are_one_failing_item(pytester, suite):
    pytester.makepyfile(
        test_a="""
        import gradcheck

        @gradcheck.case(inputs=lambda rng: (1.0 / 0,))
        def broken(xp, x):
            return x
        """
    )
    result = suite("--gradcheck")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["the inputs of case broken failed: ZeroDivisionError: *", "FAILED test_a.py::broken::inputs - *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_case_declared_twice_is_an_error_of_the_second_module(pytester, suite):
    pytester.makepyfile(test_a=WRONG, test_b=WRONG)
    result = suite("--gradcheck", "--continue-on-collection-errors")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*RegistrationError: case 'flipped' of test_b is already registered by test_a*"])


def test_marks_on_module_and_case_apply(pytester, suite):
    pytester.makepyfile(
        test_a="import pytest\npytestmark = pytest.mark.skip(reason='not here')\nimport gradcheck\n"
        "@gradcheck.case(inputs=lambda rng: (1.0,))\ndef skipped(xp, x): return x * x",
        test_b="import pytest\nimport gradcheck\n@gradcheck.case(inputs=lambda rng: (1.0,), gradient=lambda x: 3 * x)\n"
        "@pytest.mark.xfail(strict=True)\ndef known(xp, x): return x * x",
    )
    suite("--gradcheck").assert_outcomes(skipped=1, xfailed=1)


@pytest.mark.parametrize("workers", [["-p", "no:xdist"], ["-n1"]], ids=["serial", "xdist"])
def test_no_cases_is_said(pytester, suite, workers):
    pytester.makepyfile("def test_plain(): pass")
    result = suite("--gradcheck", *workers)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["no cases in the collected modules"])


# -- the catalogue ----------------------------------------------------------------------------


def test_the_catalogue_is_not_collected_unasked(pytester, suite):
    pytester.makepyfile(test_a="from gradcheck import discovery\ndiscovery.load_catalogue()\ndef test_plain(): pass")
    assert ids(suite("--gradcheck", "--collect-only", "-q")) == ["test_a.py::test_plain"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--gradcheck-catalogue=rosenbrock", "sub"],
        ["sub", "--gradcheck-catalogue", "rosenbrock"],
        ["--gradcheck-catalogue", "sub", "-k", "rosenbrock or test_plain"],  # argparse takes sub for the value
        ["--gradcheck-catalogue", "-k", "rosenbrock or test_plain"],
        ["--gradcheck-catalogue", "sub/test_a.py::test_plain", "-k", "rosenbrock or test_plain"],
    ],
)
def test_the_catalogue_stands_beside_paths(pytester, suite, arguments):
    pytester.mkdir("rosenbrock")  # a name of the catalogue is not taken for a path
    pytester.mkdir("sub").joinpath("test_a.py").write_text("def test_plain(): pass")
    found = ids(suite("--collect-only", "-q", *arguments))
    assert "sub/test_a.py::test_plain" in found
    assert [i for i in found if i.startswith("gradcheck-catalogue::rosenbrock::gradient")]
    assert all("rosenbrock" in i for i in found if "test_plain" not in i)


def test_the_catalogue_runs_and_what_failed_is_run_again_by_lf_under_xdist(pytester, suite):
    pytester.makepyfile("def test_plain(): pass")
    pytester.makeconftest(
        """
        from dataclasses import replace
        from gradcheck import discovery
        from gradcheck.cases import registry

        discovery.load_catalogue()
        registry.add(replace(registry["himmelblau"], inputs=lambda rng: 1 / 0))
        """
    )
    result = suite("--gradcheck-catalogue=rosenbrock,himmelblau", "-k", "gradient or inputs")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["FAILED gradcheck-catalogue::himmelblau::inputs - *"])
    assert verdict_rows(result)["engine"] == ["AGREE"]
    suite("--gradcheck-catalogue=rosenbrock,himmelblau", "--lf", "-n2").assert_outcomes(failed=1)


def test_an_item_of_hessian_products_asks_for_no_hessian(pytester):
    pytester.makepyfile(
        test_products="""
    import gradcheck
    import numpy as np

    @gradcheck.case(
        inputs=lambda rng: (np.array([1.0, 2.0]),),
        operators=["hvp"],
        gradient=lambda x: 3 * x**2,
        hessian=lambda x: np.eye(2),
    )
    def cubes(xp, x):
        return xp.sum(x**3)
    """
    )
    result = pytester.runpytest("--gradcheck", FAST, *ALONE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["WRONG analytic hvp of cubes*"])
    result.stdout.no_fnmatch_line("*hessian of cubes*")
