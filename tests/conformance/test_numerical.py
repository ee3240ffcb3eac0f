from gradcheck.testing import COMPLEX_SAMPLES, BackendConformance

ANALYTIC_CONTINUATION = {
    "*": ("hessian", "hvp"),  # the imaginary part is spent on the first derivative
    **{sample.id: ("gradient", "jvp", "vjp") for sample in COMPLEX_SAMPLES},
}


class TestNumerical(BackendConformance):
    engines = ("numerical", "numerical:forward", "numerical:central", "numerical:ridders", "numerical:complex-step")
    unsupported = {"numerical:complex-step": ANALYTIC_CONTINUATION}
