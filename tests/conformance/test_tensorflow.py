import sys

from gradcheck.testing import BackendConformance

CUMPROD = "https://github.com/tensorflow/tensorflow/issues/119430"
"""The reverse rule of cumprod divides by the input, and gives 0 where a factor is 0."""


class TestTensorflow(BackendConformance):
    engines = ("tensorflow", "tensorflow:function", "tensorflow:xla", "tensorflow:forward")
    costly = ("tensorflow:xla",)
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
