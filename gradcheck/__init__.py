"""Cross-framework gradient verification.

Importing this package imports neither NumPy nor any framework: names are loaded when they are
first used (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcheck.backend import Backend as Backend
    from gradcheck.backend import Engine as Engine
    from gradcheck.backend import Estimate as Estimate
    from gradcheck.cases import Case as Case
    from gradcheck.cases import case as case
    from gradcheck.cases import registry as registry
    from gradcheck.descent import Descent as Descent
    from gradcheck.descent import descend as descend
    from gradcheck.differentiation import gradient as gradient
    from gradcheck.differentiation import hessian as hessian
    from gradcheck.differentiation import hvp as hvp
    from gradcheck.differentiation import jacobian as jacobian
    from gradcheck.differentiation import jvp as jvp
    from gradcheck.differentiation import value_and_grad as value_and_grad
    from gradcheck.differentiation import vjp as vjp
    from gradcheck.errors import GradcheckError as GradcheckError
    from gradcheck.judge.verdicts import Evidence as Evidence
    from gradcheck.judge.verdicts import Status as Status
    from gradcheck.judge.verdicts import Verdict as Verdict
    from gradcheck.operators import Operator as Operator
    from gradcheck.report import Report as Report
    from gradcheck.verification import check as check
    from gradcheck.verification import run as run

__version__ = "0.1.0"

_HOMES = {
    "gradcheck.backend": ("Backend", "Engine", "Estimate"),
    "gradcheck.cases": ("Case", "case", "registry"),
    "gradcheck.descent": ("Descent", "descend"),
    "gradcheck.differentiation": ("gradient", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"),
    "gradcheck.errors": ("GradcheckError",),
    "gradcheck.judge.verdicts": ("Evidence", "Status", "Verdict"),
    "gradcheck.operators": ("Operator",),
    "gradcheck.report": ("Report",),
    "gradcheck.verification": ("check", "run"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Backend",
    "Case",
    "Descent",
    "Engine",
    "Estimate",
    "Evidence",
    "GradcheckError",
    "Operator",
    "Report",
    "Status",
    "Verdict",
    "case",
    "check",
    "descend",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "registry",
    "run",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gradcheck' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
