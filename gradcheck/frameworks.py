"""Frameworks' modules that are imported when something of theirs is first used.

The core imports no framework; the native functions of the catalogue name theirs by these.
"""

from __future__ import annotations

import importlib
from typing import Any


class Module:
    """A module that is imported when one of its attributes is first looked up.

    Parameters
    ----------
    name : str
        Its full name: ``"torch.nn.functional"``.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        found = getattr(importlib.import_module(self._name), attribute)
        self.__dict__[attribute] = found  # torch.compile need not trace the import a second time
        return found

    def __repr__(self) -> str:
        return f"Module({self._name!r})"


torch: Any = Module("torch")
F: Any = Module("torch.nn.functional")
jax: Any = Module("jax")
jnp: Any = Module("jax.numpy")
lax: Any = Module("jax.lax")
jsp: Any = Module("jax.scipy.special")
jla: Any = Module("jax.scipy.linalg")
jsignal: Any = Module("jax.scipy.signal")
tf: Any = Module("tensorflow")
