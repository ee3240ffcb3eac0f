"""TensorFlow: the gradient tape, traced and XLA-compiled functions, and the forward accumulator."""

from gradcheck_tensorflow.startup import quiet_start

with quiet_start():
    import tensorflow as tf

    tf.config.list_physical_devices()  # the search for GPUs has notices of its own

from gradcheck_tensorflow.adapter import TensorflowBackend

__all__ = ["TensorflowBackend"]
