import sys

from gradcheck.operators import Operator
from gradcheck.testing import BackendConformance

DERIVATIVES = tuple(o for o in Operator if o is not Operator.VALUE)
SPENCE = "https://github.com/jax-ml/jax/pull/40709"
"""Back through spence there is NaN from a branch that is not taken."""
EXP1 = "https://github.com/jax-ml/jax/pull/40111"
"""The rule of expn closes over a tracer: second derivatives raise a TypeError."""


class TestJax(BackendConformance):
    engines = ("jax", "jax:eager", "jax:forward")
    unsupported = {"*": {"special.betainc-all": DERIVATIVES}}
    defects = {
        "*": {
            "special.spence": dict.fromkeys(("gradient", "jacobian", "vjp", "hessian", "hvp"), SPENCE),
            "special.exp1": dict.fromkeys(("hessian", "hvp"), EXP1),
        },
    }

    def state(self):
        if "jax" not in sys.modules:
            return None
        return dict(sys.modules["jax"].config.values)
