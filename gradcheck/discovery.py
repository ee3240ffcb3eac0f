"""Finding backends: every one, built-in or a third party's, comes in through one entry-point group."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from types import TracebackType

from gradcheck.backend import Backend
from gradcheck.errors import (
    BrokenBackendError,
    MissingBackendError,
    RegistrationError,
    UnknownNameError,
    first_line,
)
from gradcheck.estimates import Engine

GROUP = "gradcheck.backends"


@dataclass(frozen=True)
class Absence:
    """A backend that cannot be used here.

    Parameters
    ----------
    backend : str
        Its name.
    state : str
        ``"missing"``: its framework is not installed; ``"broken"``: it is, but fails to import.
    reason : str
        What happened.
    remedy : str
        The command that mends it.
    """

    backend: str
    state: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.backend} is {self.state}: {self.reason}; try: {self.remedy}"


def registered(group: str, kind: str) -> dict[str, EntryPoint]:
    """Return what installed distributions register in a group of entry points, by name; nothing is imported.

    Raises
    ------
    RegistrationError
        If two distributions claim one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        other = found.get(entry.name)
        if other is not None and other.value != entry.value:
            raise RegistrationError(
                f"two distributions register the {kind} {entry.name!r}: {_owner(other)} and {_owner(entry)}; "
                "uninstall one of them"
            )
        found[entry.name] = entry
    return found


@cache
def _entries() -> dict[str, EntryPoint]:
    found = registered(GROUP, "backend")
    if not found:
        raise RegistrationError("no backend is registered: gradcheck is not installed here; run: pip install -e .")
    return found


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} ({entry.value})" if entry.dist is not None else entry.value


def names() -> list[str]:
    """Return the names of all registered backends, sorted, installed or not; nothing is imported."""
    return sorted(_entries())


def _remedy(entry: EntryPoint, package: str) -> str:
    extras = entry.dist.metadata.get_all("Provides-Extra") or [] if entry.dist is not None else []
    if entry.dist is not None and entry.name in extras:
        return f"pip install '{entry.dist.name}[{entry.name}]'"
    return f"pip install {package}"


@cache
def _load(name: str) -> Backend | Absence:
    entry = _entries()[name]
    try:
        backend = entry.load()()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if _imported_by(error.__traceback__) == entry.module.partition(".")[0]:
            return Absence(name, "missing", f"{package} is not installed", _remedy(entry, package))
        return Absence(name, "broken", first_line(error), f"pip install --force-reinstall {package}")
    except Exception as error:
        return Absence(
            name, "broken", first_line(error), _remedy(entry, name).replace("install", "install --force-reinstall", 1)
        )
    if not isinstance(backend, Backend) or backend.name != name:
        return Absence(
            name,
            "broken",
            f"{entry.value} is not a gradcheck.Backend named {name!r}",
            f"report it to the authors of {_owner(entry)}",
        )
    return backend


def _imported_by(traceback: TracebackType | None) -> str:
    """Return the top-level package whose own import statement failed."""
    package = ""
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if not module.startswith("importlib"):
            package = module.partition(".")[0]
        traceback = traceback.tb_next
    return package


def find(name: str) -> Backend | Absence:
    """Return a backend, importing its framework if need be, or why it cannot be used.

    Raises
    ------
    UnknownNameError
        If no such backend is registered.
    """
    if name not in _entries():
        raise UnknownNameError("backend", name, names())
    return _load(name)


def load(name: str) -> Backend:
    """Return a backend that must be there.

    Raises
    ------
    UnknownNameError
        If no such backend is registered.
    MissingBackendError, BrokenBackendError
        If it cannot be used; the message has the command that mends it.
    """
    found = find(name)
    if isinstance(found, Absence):
        raise (MissingBackendError if found.state == "missing" else BrokenBackendError)(str(found))
    return found


def engines(selectors: Iterable[str]) -> Iterator[Engine]:
    """Resolve ``torch``, ``torch:compile`` and ``torch:*`` to engines, each once, in order.

    Raises
    ------
    UnknownNameError
        For a backend or mode that does not exist.
    MissingBackendError, BrokenBackendError
        For a backend that cannot be used.
    """
    seen = set()
    for selector in selectors:
        name, _, mode = selector.partition(":")
        backend = load(name)
        for engine in [backend.engine(m) for m in backend.modes] if mode == "*" else [backend.engine(mode)]:
            if engine not in seen:
                seen.add(engine)
                yield engine


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the installed versions of distributions, without importing them."""
    found = {distribution: _version(distribution) for distribution in distributions}
    return {distribution: number for distribution, number in found.items() if number is not None}


@cache
def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def load_catalogue() -> None:
    """Register the cases that ship with gradcheck."""
    importlib.import_module("gradcheck.catalogue")


def loaded(module: str) -> bool:
    """Whether a module has been imported in this process."""
    return module in sys.modules
