import sys

from gradcheck.testing import BackendConformance

TRIGAMMA = "https://github.com/pytorch/pytorch/pull/4399"
"""The derivative of digamma has ten digits in float64: trigamma's series is cut short."""

FORWARD_OVER_FORWARD = "https://github.com/pytorch/pytorch/issues/192540"
"""jacfwd(jacfwd) through linalg.solve drops a term."""


class TestTorch(BackendConformance):
    engines = ("torch", "torch:compile", "torch:forward")
    costly = ("torch:compile",)
    defects = {
        "*": {"special.digamma": dict.fromkeys(("gradient", "jacobian", "jvp", "vjp"), TRIGAMMA)},
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
