"""The doctor, with backends that are missing, broken, deadly or half-dead."""

import os
import signal

import pytest
from typer.testing import CliRunner

from gradcheck import cli, discovery, doctor
from gradcheck.errors import UnknownNameError

METADATA = "Metadata-Version: 2.1\nName: fakes\nVersion: 1.0\nProvides-Extra: fake_missing\n"

MODULES = {
    "fake_broken": "raise RuntimeError('the shared library is of another version')",
    "fake_deadly": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "fake_leaving": "import os, sys; print('out of memory', file=sys.stderr, flush=True); os._exit(3)",
    "fake_mute": "import os; os._exit(0)",
    "fake_slow": "import time; time.sleep(60)",
    "fake_missing": "import a_framework_that_nobody_has",
    "fake_lacking": """
from gradcheck_numerical import NumericalBackend
class Backend(NumericalBackend):
    name = "fake_lacking"
    modes = {"plain": "", "fused": ""}
    def missing(self, mode):
        return "a C++ compiler" if mode == "fused" else None
    def devices(self):
        print("noise on stdout")
        return ("cpu", "gpu:0")
    def flags(self):
        return {"half": "on"}
""",
    "fake_confused": """
from gradcheck_numerical import NumericalBackend
class Backend(NumericalBackend):
    name = "fake_confused"
    def devices(self):
        raise OSError("no driver")
""",
}


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    """Install a distribution of fake backends where child processes find it."""
    metadata = tmp_path / "fakes-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA)
    lines = [f"{name} = {name}:Backend" for name in MODULES]
    (metadata / "entry_points.txt").write_text(f"[{discovery.GROUP}]\n" + "\n".join(lines))
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_an_unknown_backend_is_refused():
    with pytest.raises(UnknownNameError, match="unknown backend 'numerica'"):
        doctor.examine("numerica")


def test_a_missing_backend(fakes):
    found = doctor.examine_apart("fake_missing")
    assert found.state == "missing"
    assert found.reason == "a_framework_that_nobody_has is not installed"
    assert found.remedy == "pip install 'fakes[fake_missing]'"


def test_a_broken_backend(fakes):
    found = doctor.examine_apart("fake_broken")
    assert found.state == "broken"
    assert "the shared library is of another version" in found.reason
    assert "--force-reinstall" in found.remedy


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fake_deadly", "SIGKILL"),
        ("fake_leaving", "exit code 3): out of memory"),
        ("fake_mute", "exit code 0"),
        ("fake_confused", "it cannot describe itself: OSError: no driver"),
    ],
)
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform has no signals")
def test_a_backend_that_dies_is_broken(fakes, name, reason):
    found = doctor.examine_apart(name)
    assert found.state == "broken"
    assert reason in found.reason


def test_a_backend_that_hangs_is_broken(fakes):
    found = doctor.examine_apart("fake_slow", timeout=1.0)
    assert found.state == "broken"
    assert "did not end within 1 s" in found.reason


def test_an_installed_backend_says_what_its_modes_lack(fakes):
    found = doctor.examine_apart("fake_lacking")
    assert found.state == "installed"
    assert found.modes == {"plain": "", "fused": "a C++ compiler"}
    assert found.devices == ("cpu", "gpu:0")
    assert found.flags == {"half": "on"}
    assert found.versions["numpy"]


def diagnose(monkeypatch, *names):
    monkeypatch.setattr(discovery, "names", lambda: list(names))
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner().invoke(cli.app, ["doctor"])


def test_the_command_fails_if_something_is_broken(fakes, monkeypatch):
    result = diagnose(monkeypatch, "numerical", "fake_broken", "fake_missing")
    assert result.exit_code == 1
    assert "fake_broken is broken: RuntimeError: the shared library" in result.stdout
    assert "fake_missing is missing: a_framework_that_nobody_has is not installed" in result.stdout
    assert "try: pip install 'fakes[fake_missing]'" in result.stdout


def test_the_command_succeeds_if_something_is_only_missing(fakes, monkeypatch):
    result = diagnose(monkeypatch, "fake_lacking", "fake_missing")
    assert result.exit_code == 0
    assert "fake_lacking:fused cannot run: it needs a C++ compiler" in result.stdout
    assert "gpu:0" in result.stdout


def test_the_command_names_python_and_the_core(monkeypatch):
    result = diagnose(monkeypatch, "numerical")
    assert result.exit_code == 0
    assert f"{os.cpu_count()} CPU(s)" in result.stdout
    assert "Python" in result.stdout
    assert "numpy" in result.stdout
