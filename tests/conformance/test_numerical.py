from gradcheck.operators import Operator
from gradcheck.testing import COMPLEX_SAMPLES, BackendConformance

NO_CONTINUATION = (
    "special.erfinv", "special.ndtri", "special.log_ndtr", "special.polygamma", "special.zeta", "special.gammainc",
    "special.gammaincc", "special.betainc", "special.j1", "special.expi", "special.spence",
)  # fmt: skip

ANALYTIC_CONTINUATION = {
    **dict.fromkeys(NO_CONTINUATION, ("gradient", "jacobian", "jvp", "vjp")),
    "*": ("hessian", "hvp"),  # the imaginary part is spent on the first derivative
    **dict.fromkeys(("fft.fft", "fft.ifft", "fft.rfft", "fft.irfft"), tuple(Operator)[1:]),
    **{sample.id: ("gradient", "jvp", "vjp") for sample in COMPLEX_SAMPLES},
}


class TestNumerical(BackendConformance):
    engines = ("numerical", "numerical:forward", "numerical:central", "numerical:ridders", "numerical:complex-step")
    unsupported = {"numerical:complex-step": ANALYTIC_CONTINUATION}
