import sys

from gradcheck.operators import Operator
from gradcheck.testing import BackendConformance

CUMPROD = "https://github.com/tensorflow/tensorflow/issues/119430"
"""The reverse rule of cumprod divides by the input, and gives 0 where a factor is 0."""

EVERYTHING = tuple(Operator)
DERIVATIVES = tuple(o for o in Operator if o is not Operator.VALUE)
NO_SUCH_FUNCTION = ("special.log_ndtr", "special.erfcx", "special.exp1")
BY_A_PARAMETER = ("special.zeta-both", "special.betainc-all")
NOT_UNDER_XLA = (
    "special.i0", "special.i1", "special.j0", "special.j1", "special.expi", "special.dawsn", "special.spence",
)  # fmt: skip


class TestTensorflow(BackendConformance):
    engines = ("tensorflow", "tensorflow:function", "tensorflow:xla", "tensorflow:forward")
    costly = ("tensorflow:xla",)
    unsupported = {
        "*": {**dict.fromkeys(NO_SUCH_FUNCTION, EVERYTHING), **dict.fromkeys(BY_A_PARAMETER, DERIVATIVES)},
        "tensorflow:xla": {**dict.fromkeys(NOT_UNDER_XLA, EVERYTHING), "linalg.expm": DERIVATIVES},
    }
    defects = {"tensorflow": {"cumprod-zero": {"vjp": CUMPROD}}}

    def state(self):
        if "tensorflow" not in sys.modules:
            return None
        tf = sys.modules["tensorflow"]
        return (
            tf.executing_eagerly(),
            tf.config.functions_run_eagerly(),
            tf.keras.backend.floatx() if hasattr(tf, "keras") else None,
            tf.config.optimizer.get_jit(),
            tf.config.experimental.tensor_float_32_execution_enabled(),
        )
