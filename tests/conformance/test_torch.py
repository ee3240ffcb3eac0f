import sys

from gradcheck.operators import Operator
from gradcheck.testing import BackendConformance

TRIGAMMA = "https://github.com/pytorch/pytorch/pull/4399"
"""The derivative of digamma has ten digits in float64: trigamma's series is cut short."""

FORWARD_OVER_FORWARD = "https://github.com/pytorch/pytorch/issues/192540"
"""jacfwd(jacfwd) through linalg.solve drops a term."""

EVERYTHING = tuple(Operator)
DERIVATIVES = tuple(o for o in Operator if o is not Operator.VALUE)
NO_SUCH_FUNCTION = (
    "special.betainc", "special.exp1", "special.expi", "special.dawsn", "special.spence", "special.j0", "special.j1",
)  # fmt: skip
BY_A_PARAMETER = ("special.zeta-both", "special.gammainc-both", "special.gammaincc-both")


class TestTorch(BackendConformance):
    engines = ("torch", "torch:compile", "torch:forward")
    costly = ("torch:compile",)
    unsupported = {
        "*": {**dict.fromkeys(NO_SUCH_FUNCTION, EVERYTHING), **dict.fromkeys(BY_A_PARAMETER, DERIVATIVES)},
    }
    defects = {
        "*": {
            "special.digamma": dict.fromkeys(("gradient", "jacobian", "jvp", "vjp"), TRIGAMMA),
            "special.polygamma-none": dict.fromkeys(("jvp", "vjp"), TRIGAMMA),
            "special.polygamma-one": {"value": TRIGAMMA},
        },
        "torch:forward": {"linalg.solve": dict.fromkeys(("hessian", "hvp"), FORWARD_OVER_FORWARD)},
    }

    def state(self):
        if "torch" not in sys.modules:
            return None
        torch = sys.modules["torch"]
        return (
            torch.is_grad_enabled(),
            torch.get_default_dtype(),
            torch.is_inference_mode_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_rng_state().numpy().tobytes(),
            torch.get_num_threads(),
        )
