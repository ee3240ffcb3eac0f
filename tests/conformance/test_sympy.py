from typing import ClassVar

from gradcheck.operators import Operator
from gradcheck.testing import BackendConformance

EVERYTHING = tuple(Operator)
DERIVATIVES = tuple(o for o in Operator if o is not Operator.VALUE)
BY_A_PARAMETER = ("special.zeta-both", "special.gammainc-both", "special.gammaincc-both", "special.betainc-all")
ORDER_OF_SYMBOLS = {"argmax": EVERYTHING, "argmin": EVERYTHING, "argsort": EVERYTHING}
NO_FORMULA = (
    "linalg.eigh",
    "linalg.eigvalsh",
    "linalg.svd",
    "linalg.expm",
    "linalg.norm-nuclear",
    "linalg.norm-spectral",
)
COMPLEX = ("fft.fft", "fft.ifft", "fft.rfft", "fft.irfft")
BEYOND_SYMBOLS = {**ORDER_OF_SYMBOLS, **dict.fromkeys((*NO_FORMULA, *COMPLEX), EVERYTHING)}
BEYOND_SYMBOLS |= dict.fromkeys(BY_A_PARAMETER, DERIVATIVES)


class TestSympy(BackendConformance):
    engines = ("sympy", "sympy:backprop", "sympy:precise")
    unsupported: ClassVar = {
        "sympy": BEYOND_SYMBOLS,
        "sympy:precise": BEYOND_SYMBOLS,
        "sympy:backprop": {**BEYOND_SYMBOLS, "*": (Operator.HESSIAN, Operator.HVP)},
    }
