"""What is in the distribution, and where it is imported from."""

import ast
import email
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

import gradcheck

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from this checkout, offline."""
    for needed in ("hatchling", "pip"):
        # not find_spec: setuptools warns when pip is looked up that way
        if not list(distributions(name=needed)):
            pytest.skip(f"{needed} is not installed: pip install {needed}")
    folder = tmp_path_factory.mktemp("wheel")
    command = ["pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "-w", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", *command, str(ROOT)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def tracked():
    """Return the files of git that must be in the wheel, by their paths in it."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "gradcheck", "backends"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no checkout of git")
    return {name.removeprefix("backends/") for name in done.stdout.split() if (ROOT / name).exists()}


def test_the_wheel_has_exactly_the_packages(wheel):
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == tracked()
    assert {name.split("/")[0] for name in packed} == {
        "gradcheck",
        *(f"gradcheck_{name}" for name in ("analytic", "exact", "jax", "numerical", "sympy", "tensorflow", "torch")),
    }


def test_templates_and_type_markers_are_packed(wheel):
    packed = set(wheel.namelist())
    assert "gradcheck/report/templates/report.html.jinja" in packed
    assert any(name.startswith("gradcheck/benchmark/") and name.endswith((".j2", ".jinja")) for name in packed)
    packages = {name.split("/")[0] for name in packed if ".dist-info/" not in name}
    assert {f"{package}/py.typed" for package in packages} <= packed


def test_the_doors_are_declared(wheel):
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
    doors = ConfigParser(delimiters="=")
    doors.read_string(wheel.read(path).decode())
    assert dict(doors["console_scripts"]) == {"gradcheck": "gradcheck.cli:main"}
    assert dict(doors["pytest11"]) == {"gradcheck": "gradcheck.pytest_plugin"}
    backends = dict(doors["gradcheck.backends"])
    assert sorted(backends) == ["analytic", "exact", "jax", "numerical", "sympy", "tensorflow", "torch"]
    for name, value in backends.items():
        assert value == f"gradcheck_{name}:{name.title()}Backend"
        assert f"gradcheck_{name}/__init__.py" in wheel.namelist()


def test_the_metadata_has_the_extras_and_the_licence(wheel):
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = email.message_from_bytes(wheel.read(path))
    assert metadata["Version"] == gradcheck.__version__
    assert {"all", "bench", "jax", "sympy", "tensorflow", "torch"} <= set(metadata.get_all("Provides-Extra"))
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert not [line for line in required if line.startswith(("torch", "jax", "tensorflow", "sympy", "pytest"))]
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


# -- the checkout -------------------------------------------------------------------------------


def test_version_is_declared_once_for_both():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert declared == gradcheck.__version__


def test_backends_is_a_source_root_and_no_package():
    assert not (ROOT / "backends" / "__init__.py").exists()
    assert all((folder / "py.typed").exists() for folder in (ROOT / "backends").glob("gradcheck_*"))


def test_core_and_backends_come_from_the_same_place():
    """A wheel beside a checkout on the path would mix two versions."""
    core = Path(gradcheck.__file__).parents[1]
    for name in ("analytic", "exact", "jax", "numerical", "sympy", "tensorflow", "torch"):
        found = Path(find_spec(f"gradcheck_{name}").origin).parents[1]
        assert found in (core, core / "backends")


def importing(path):
    """Return the top-level packages that a module imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_a_framework_is_imported_by_its_own_backend_only():
    frameworks = {"torch", "jax", "tensorflow", "sympy", "flint"}
    stray = {}
    for path in [*(ROOT / "gradcheck").rglob("*.py"), *(ROOT / "backends").rglob("*.py")]:
        own = path.relative_to(ROOT).parts[1].removeprefix("gradcheck_").replace("exact", "flint")
        found = set(importing(path)) & (frameworks - {own})
        if found:
            stray[str(path)] = found
    assert stray == {}


def test_stray_imports_would_be_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f():\n    import torch.nn\n    from jax.numpy import sin\n    from . import sympy\n")
    assert set(importing(path)) == {"torch", "jax"}
