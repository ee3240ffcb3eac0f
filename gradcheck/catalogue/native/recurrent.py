"""Recurrent cells and layers, by each framework's own kernel; gates are in torch's order."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_LSTM = "Hochreiter and Schmidhuber (1997), Long Short-Term Memory, Neural Computation 9, 1735-1780"
_GRU = "Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, arXiv:1406.1078"

_TAGS = ("native", "recurrent", "scalar")
_OPERATORS = ("gradient",)

_X = np.array([[0.3, -1.2], [2.1, 0.4]])
_SEQUENCE = np.array([[[0.3, -1.2], [2.1, 0.4]]])
_STATE = np.array([[0.5], [-0.7]])
_MEMORY = np.array([[-0.4], [1.1]])
_LSTM_INPUT = np.array([[0.8, -0.9], [0.4, 1.4], [-1.7, 0.1], [1.2, 0.6]])
_LSTM_STATE = np.array([[0.5], [-1.1], [0.9], [0.3]])
_LSTM_BIAS = np.array([0.1, 0.8, -0.2, -0.5])
_GRU_INPUT, _GRU_STATE = _LSTM_INPUT[:3], _LSTM_STATE[:3]
_GRU_BIAS, _GRU_STATE_BIAS = np.array([0.1, 0.8, -0.2]), np.array([-0.3, 0.4, 0.6])


@cache
def _keras(layer: str, units: int, dtype: str, inputs: tuple[int, ...]) -> Any:
    """Return a built layer of Keras, whose variables stand for the parameters that are handed to it."""
    with tf.init_scope():
        built = getattr(tf.keras.layers, layer)(units, dtype=dtype)
        built.build(inputs)
    return built


def _run_keras(layer: str, units: int, parameters: list[Any], *inputs: Any) -> Any:
    built = _keras(layer, units, inputs[0].dtype.name, tuple(inputs[0].shape))
    return built.stateless_call(parameters, [v.value for v in built.non_trainable_variables], *inputs)[0]


def _update_first(w: Any) -> Any:
    """Exchange the reset and the update gate, which Keras holds in the other order."""
    reset, update, new = tf.split(w, 3)
    return tf.concat([update, reset, new], axis=0)


# -- cells -------------------------------------------------------------------------------------


@gradcheck.case(
    name="native.rnn_cell",
    inputs=lambda rng: {"ordinary": (_X, 0.5 - _X, _LSTM_INPUT[:2], _LSTM_INPUT[2:], np.array([0.1, -0.5]))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "RNNCell",
    native={
        "torch": lambda x, h, w, u, b: torch.sum(torch.rnn_tanh_cell(x, h, w, u, b, torch.zeros_like(b)) ** 2),
        "tensorflow": lambda x, h, w, u, b: tf.reduce_sum(
            _run_keras("SimpleRNNCell", 2, [tf.transpose(w), tf.transpose(u), b], x, [h])[0] ** 2
        ),
    },
)
def rnn_cell(xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any) -> Any:
    """One step of a simple recurrent network."""
    return xp.sum(xp.tanh(x @ xp.transpose(w) + h @ xp.transpose(u) + b) ** 2)


def _lstm_step(xp: Any, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> tuple[Any, Any]:
    """Return the next state and memory of a cell with one unit."""
    gates = x @ xp.transpose(w) + h @ xp.transpose(u) + b
    taken, kept, shown = (xp.special.expit(gates[:, i : i + 1]) for i in (0, 1, 3))
    c = kept * c + taken * xp.tanh(gates[:, 2:3])
    return shown * xp.tanh(c), c


@gradcheck.case(
    name="native.lstm_cell",
    inputs=lambda rng: {
        "ordinary": (_X, _STATE, _MEMORY, _LSTM_INPUT, _LSTM_STATE, _LSTM_BIAS),
        "saturated": (_X, _STATE, _MEMORY, 30.0 * _LSTM_INPUT, _LSTM_STATE, _LSTM_BIAS),
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_LSTM,
    native={
        "torch": lambda x, h, c, w, u, b: torch.sum(
            torch.stack(torch.lstm_cell(x, (h, c), w, u, b, torch.zeros_like(b))) ** 2
        ),
        "tensorflow": lambda x, h, c, w, u, b: tf.reduce_sum(
            tf.stack(_run_keras("LSTMCell", 1, [tf.transpose(w), tf.transpose(u), b], x, [h, c])[1]) ** 2
        ),
    },
)
def lstm_cell(xp: Any, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
    """State and memory of one step of an LSTM, squared."""
    h, c = _lstm_step(xp, x, h, c, w, u, b)
    return xp.sum(h**2) + xp.sum(c**2)


def _gru_step(xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, d: Any) -> Any:
    """Return the next state of a cell with one unit, reset after the product with the state."""
    ours, theirs = x @ xp.transpose(w) + b, h @ xp.transpose(u) + d
    reset, update = (xp.special.expit(ours[:, i : i + 1] + theirs[:, i : i + 1]) for i in (0, 1))
    new = xp.tanh(ours[:, 2:3] + reset * theirs[:, 2:3])
    return (1.0 - update) * new + update * h


@gradcheck.case(
    name="native.gru_cell",
    inputs=lambda rng: {"ordinary": (_X, _STATE, _GRU_INPUT, _GRU_STATE, _GRU_BIAS, _GRU_STATE_BIAS)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_GRU,
    native={
        "torch": lambda x, h, w, u, b, d: torch.sum(torch.gru_cell(x, h, w, u, b, d) ** 2),
        "tensorflow": lambda x, h, w, u, b, d: tf.reduce_sum(
            _run_keras(
                "GRUCell",
                1,
                [
                    tf.transpose(_update_first(w)),
                    tf.transpose(_update_first(u)),
                    tf.stack([_update_first(b), _update_first(d)]),
                ],
                x,
                [h],
            )[0]
            ** 2
        ),
    },
)
def gru_cell(xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, d: Any) -> Any:
    """State of one step of a GRU, squared."""
    return xp.sum(_gru_step(xp, x, h, w, u, b, d) ** 2)


# -- layers ------------------------------------------------------------------------------------


@gradcheck.case(
    name="native.lstm",
    inputs=lambda rng: {"ordinary": (_SEQUENCE, _LSTM_INPUT, _LSTM_STATE, _LSTM_BIAS)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "LSTM",
    native={
        "torch": lambda x, w, u, b: torch.sum(
            torch.lstm(
                x, (x.new_zeros(1, 1, 1), x.new_zeros(1, 1, 1)), (w, u, b, torch.zeros_like(b)),
                True, 1, 0.0, False, False, True,
            )[1] ** 2
        ),
        "tensorflow": lambda x, w, u, b: tf.reduce_sum(
            _run_keras("LSTM", 1, [tf.transpose(w), tf.transpose(u), b], x) ** 2
        ),
    },
)  # fmt: skip
def lstm(xp: Any, x: Any, w: Any, u: Any, b: Any) -> Any:
    """Last state of an LSTM after two steps, squared."""
    h = c = xp.zeros((1, 1))
    for t in range(2):
        h, c = _lstm_step(xp, x[:, t], h, c, w, u, b)
    return xp.sum(h**2)


@gradcheck.case(
    name="native.gru",
    inputs=lambda rng: {"ordinary": (_SEQUENCE, _GRU_INPUT, _GRU_STATE, _GRU_BIAS, _GRU_STATE_BIAS)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "GRU",
    native={
        "torch": lambda x, w, u, b, d: torch.sum(
            torch.gru(x, x.new_zeros(1, 1, 1), (w, u, b, d), True, 1, 0.0, False, False, True)[1] ** 2
        ),
        "tensorflow": lambda x, w, u, b, d: tf.reduce_sum(
            _run_keras(
                "GRU",
                1,
                [
                    tf.transpose(_update_first(w)),
                    tf.transpose(_update_first(u)),
                    tf.stack([_update_first(b), _update_first(d)]),
                ],
                x,
            )
            ** 2
        ),
    },
)
def gru(xp: Any, x: Any, w: Any, u: Any, b: Any, d: Any) -> Any:
    """Last state of a GRU after two steps, squared."""
    h = xp.zeros((1, 1))
    for t in range(2):
        h = _gru_step(xp, x[:, t], h, w, u, b, d)
    return xp.sum(h**2)
