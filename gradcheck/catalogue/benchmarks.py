"""The objectives of the benchmarks of automatic differentiation, under their names and at small sizes.

``gmm``, ``ba``, ``ht`` and ``lstm`` are those of ADBench, ``kmeans``, ``lse``, ``llsq``, ``det``, ``ode``,
``particle`` and ``saddle`` those that GradBench adds; each is written from its definition. Where the
originals differentiate inside the function (``particle``, ``saddle``) the inner derivative is written out,
and their loops have a fixed number of steps.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit, multigammaln
from scipy.special import softmax as shares_of

import gradcheck
from gradcheck.functions import Array

_ADBENCH = (
    "Srajer, Kukelova & Fitzgibbon (2018), A Benchmark of Selected Algorithmic Differentiation Tools, arXiv:1807.10129"
)
_CMPAD = "GradBench, evals, after Bell, cmpad documentation, "
_NESTED = (
    "Pearlmutter & Siskind (2008), Using Programming Language Theory to Make Automatic Differentiation Sound and "
    "Efficient, Advances in Automatic Differentiation, Springer, doi:10.1007/978-3-540-68942-3_8"
)
_TWICE = ["gradient", "hvp"]

_SAMPLE = np.array([[0.4, -1.1], [1.7, 0.3], [-0.8, 0.9]])
_WISHART_SCALE, _WISHART_FREEDOM = 0.7, 1


def _gmm_gradient(alphas: Array, means: Array, factors: Array) -> Any:
    diagonal, lower = np.exp(factors[:, :2]), factors[:, 2]
    centred = _SAMPLE[:, None, :] - means
    z = centred * diagonal + np.stack([np.zeros_like(centred[..., 0]), lower * centred[..., 0]], axis=-1)
    shares = shares_of(alphas + factors[:, :2].sum(axis=1) - 0.5 * np.sum(z**2, axis=2), axis=1)
    back = z * diagonal + np.stack([lower * z[..., 1], np.zeros_like(z[..., 0])], axis=-1)
    prior = np.column_stack([_WISHART_SCALE**2 * diagonal**2 - _WISHART_FREEDOM, _WISHART_SCALE**2 * lower])
    slopes = np.concatenate([1 - z * diagonal * centred, -(z[..., 1] * centred[..., 0])[..., None]], axis=2)
    return (
        shares.sum(axis=0) - len(_SAMPLE) * shares_of(alphas),
        np.einsum("ik,ikd->kd", shares, back),
        np.einsum("ik,ikp->kp", shares, slopes) + prior,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.3, -0.5]),
            np.array([[0.2, -0.4], [0.9, 0.6]]),
            np.array([[0.1, -0.3, 0.5], [-0.2, 0.4, -0.7]]),
        ),
        "one component far away": (
            np.array([0.3, -0.5]),
            np.array([[0.2, -0.4], [9.0, 6.0]]),
            np.array([[0.1, -0.3, 0.5], [0.8, 0.9, -0.7]]),
        ),
    },
    operators=_TWICE,
    tags=["benchmarks", "scalar", "matrix", "parameters"],
    source=_ADBENCH,
    gradient=_gmm_gradient,
)
def gmm(xp: Any, alphas: Any, means: Any, factors: Any) -> Any:
    """Log likelihood of a Gaussian mixture by inverse covariance factors, with a Wishart prior."""
    size, dimension = _SAMPLE.shape
    logs, lower = factors[:, :2], factors[:, 2]
    diagonal = xp.exp(logs)
    centred = xp.expand_dims(xp.asarray(_SAMPLE), 1) - means
    below = diagonal[:, 1] * centred[:, :, 1] + lower * centred[:, :, 0]
    squares = (diagonal[:, 0] * centred[:, :, 0]) ** 2 + below**2
    inner = alphas + xp.sum(logs, axis=1) - 0.5 * squares
    likelihood = xp.sum(xp.special.logsumexp(inner, axis=1)) - size * xp.special.logsumexp(alphas, axis=0)
    penalty = 0.5 * _WISHART_SCALE**2 * (xp.sum(diagonal**2) + xp.sum(lower**2)) - _WISHART_FREEDOM * xp.sum(logs)
    freedom = dimension + _WISHART_FREEDOM + 1
    scale = freedom * dimension * math.log(_WISHART_SCALE / math.sqrt(2.0)) - float(
        multigammaln(freedom / 2, dimension)
    )
    return likelihood + penalty - 2.0 * scale - 0.5 * size * dimension * math.log(2.0 * math.pi)


def _rotation(xp: Any, vector: Any) -> Any:
    """Rotation about an axis by its length; near no rotation by its series, whose derivative is right too."""
    square = xp.sum(vector**2)
    small = square < 1e-8
    safe = xp.where(small, xp.ones_like(square), square)
    angle = xp.sqrt(safe)
    first = xp.where(small, 1.0 - square / 6.0, xp.sin(angle) / angle)
    second = xp.where(small, 0.5 - square / 24.0, 2.0 * xp.sin(angle / 2.0) ** 2 / safe)
    x, y, z = vector[0], vector[1], vector[2]
    zero = xp.zeros_like(x)
    cross = _matrix(xp, [[zero, -z, y], [z, zero, -x], [-y, x, zero]])
    return xp.eye(3) + first * cross + second * (cross @ cross)


def _matrix(xp: Any, rows: Any) -> Any:
    return xp.stack([xp.stack(row, axis=0) for row in rows], axis=0)


def _cross_matrix(r: Array) -> Array:
    return np.array([[0, -r[2], r[1]], [r[2], 0, -r[0]], [-r[1], r[0], 0]])


def _rotation_matrix(r: Array) -> Any:
    angle, cross = np.linalg.norm(r), _cross_matrix(r)
    return np.eye(3) + np.sinc(angle / np.pi) * cross + np.sinc(angle / 2 / np.pi) ** 2 / 2 * cross @ cross


def _rotation_slopes(r: Array) -> Array:
    """The derivative of a rotation in its vector, last axis (Gallego & Yezzi 2015, J. Math. Imaging Vis. 51, 378)."""
    if not r.any():
        return np.stack([_cross_matrix(e) for e in np.eye(3)], axis=-1)
    turn = _rotation_matrix(r)
    slopes = [r[k] * _cross_matrix(r) + _cross_matrix(np.cross(r, (np.eye(3) - turn)[:, k])) for k in range(3)]
    return np.stack([slope @ turn / (r @ r) for slope in slopes], axis=-1)


_FEATURE = np.array([0.4, -0.7])


def _ba_jacobian(camera: Array, point: Array, weight: Array) -> Any:
    turn, focus, k = _rotation_matrix(camera[:3]), camera[6], camera[9:]
    seen = turn @ (point - camera[3:6])
    flat = seen[:2] / seen[2]
    square = flat @ flat
    bend, slope = 1 + k[0] * square + k[1] * square**2, k[0] + 2 * k[1] * square
    flatten = np.column_stack([np.eye(2), -flat]) / seen[2]
    lens = focus * (bend * np.eye(2) + 2 * slope * np.outer(flat, flat)) @ flatten
    camera_part = np.column_stack(
        [
            lens @ np.einsum("ijk,j->ik", _rotation_slopes(camera[:3]), point - camera[3:6]),
            -lens @ turn,
            bend * flat,
            np.eye(2),
            focus * square * flat,
            focus * square**2 * flat,
        ]
    )
    error = focus * bend * flat + camera[7:9] - _FEATURE
    return (
        np.vstack([weight * camera_part, np.zeros(11)]),
        np.vstack([weight * lens @ turn, np.zeros(3)]),
        np.append(error, -2 * weight),
    )


_CAMERA = np.array([0.3, -0.2, 0.5, 0.1, -0.4, -3.0, 1.4, 0.05, -0.1, 0.2, -0.03])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_CAMERA, np.array([0.6, 0.9, 1.2]), 0.8),
        "no rotation": (np.append(np.zeros(3), _CAMERA[3:]), np.array([0.6, 0.9, 1.2]), 0.8),
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["benchmarks", "vector", "parameters"],
    source=_ADBENCH,
    jacobian=_ba_jacobian,
)
def ba(xp: Any, camera: Any, point: Any, weight: Any) -> Any:
    """Bundle adjustment: a weighted reprojection error with radial distortion, and the weight's own error."""
    seen = xp.matmul(_rotation(xp, camera[0:3]), point - camera[3:6])
    flat = seen[0:2] / seen[2]
    square = xp.sum(flat**2)
    bend = 1.0 + camera[9] * square + camera[10] * square**2
    error = weight * (camera[6] * bend * flat + camera[7:9] - xp.asarray(_FEATURE))
    return xp.concatenate([error, xp.stack([1.0 - weight**2], axis=0)], axis=0)


_JOINTS = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.8, 0.0, 0.0]])
_VERTICES = np.array([[0.4, 0.3, -0.1], [0.9, -0.3, 0.2], [1.5, 0.2, 0.3], [2.3, -0.1, -0.2]])
_SKINNING = np.array([[0.8, 0.2, 0.0], [0.5, 0.4, 0.1], [0.1, 0.6, 0.3], [0.0, 0.1, 0.9]])
_TRIANGLES = ((0, 1, 2), (3, 2, 1))
_SEEN = np.array([[0.7, 0.1, 0.4], [1.9, -0.2, 0.6]])


def _knuckle(flexion: Array, abduction: Array) -> Array:
    a, b, c, s = np.cos(abduction), np.sin(abduction), np.cos(flexion), np.sin(flexion)
    return np.array([[a, -b * c, b * s], [b, a * c, -a * s], [0, s, c]])


def _knuckle_slopes(flexion: Array, abduction: Array) -> Any:
    a, b, c, s = np.cos(abduction), np.sin(abduction), np.cos(flexion), np.sin(flexion)
    return (
        np.array([[0, b * s, b * c], [0, -a * s, -a * c], [0, c, -s]]),
        np.array([[-b, -a * c, a * s], [a, -b * c, b * s], [0, 0, 0]]),
    )


def _posed(one: Array, two: Array, move: float = 1.0) -> Any:
    """The skinned vertices by the two joints' rotations; those of a change in them with move = 0."""
    second_joint = move * _JOINTS[1] + one @ (_JOINTS[2] - _JOINTS[1])
    bones = [
        move * _VERTICES,
        (_VERTICES - _JOINTS[1]) @ one.T + move * _JOINTS[1],
        (_VERTICES - _JOINTS[2]) @ two.T + second_joint,
    ]
    return np.einsum("vb,bvi->vi", _SKINNING, np.stack(bones))


def _ht_jacobian(theta: Array, places: Array) -> Any:
    knuckle, tip = _knuckle(theta[6], theta[7]), _knuckle(theta[8], np.zeros(()))
    flexion, abduction = _knuckle_slopes(theta[6], theta[7])
    bend = _knuckle_slopes(theta[8], np.zeros(()))[0]
    turn, vertices = _rotation_matrix(theta[:3]), _posed(knuckle, knuckle @ tip)
    changes = [
        _posed(flexion, flexion @ tip, 0),
        _posed(abduction, abduction @ tip, 0),
        _posed(0 * tip, knuckle @ bend, 0),
    ]
    by_theta = np.concatenate(
        [
            np.einsum("ijk,vj->vik", _rotation_slopes(theta[:3]), vertices),
            np.broadcast_to(np.eye(3), (4, 3, 3)),
            np.stack([change @ turn.T for change in changes], axis=-1),
        ],
        axis=2,
    )
    by_place = np.zeros((2, 3, 2, 2))
    theta_part = np.zeros((2, 3, 9))
    for row, (i, j, k) in enumerate(_TRIANGLES):
        u, v = places[row]
        theta_part[row] = -(u * by_theta[i] + v * by_theta[j] + (1 - u - v) * by_theta[k])
        by_place[row, :, row, 0] = -turn @ (vertices[i] - vertices[k])
        by_place[row, :, row, 1] = -turn @ (vertices[j] - vertices[k])
    return theta_part, by_place


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.3, 0.6, 0.1, -0.2, 0.3, 0.5, -0.2, 0.8]), np.array([[0.2, 0.5], [0.3, 0.4]])),
        "base pose": (np.zeros(9), np.array([[0.2, 0.5], [0.3, 0.4]])),
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["benchmarks", "matrix", "parameters"],
    source=_ADBENCH,
    jacobian=_ht_jacobian,
)
def ht(xp: Any, theta: Any, places: Any) -> Any:
    """Hand tracking: distances of seen points from places on a skinned mesh of three bones."""

    def knuckle(flexion: Any, abduction: Any) -> Any:
        a, b, c, s = xp.cos(abduction), xp.sin(abduction), xp.cos(flexion), xp.sin(flexion)
        return _matrix(xp, [[a, -b * c, b * s], [b, a * c, -a * s], [xp.zeros_like(a), s, c]])

    joints, rest = xp.asarray(_JOINTS), xp.asarray(_VERTICES)
    first = knuckle(theta[6], theta[7])
    second = first @ knuckle(theta[8], xp.zeros_like(theta[8]))
    second_joint = joints[1] + xp.matmul(first, joints[2] - joints[1])
    bones = [
        rest,
        (rest - joints[1]) @ xp.transpose(first) + joints[1],
        (rest - joints[2]) @ xp.transpose(second) + second_joint,
    ]
    skinned = xp.einsum("vb,bvi->vi", xp.asarray(_SKINNING), xp.stack(bones, axis=0))
    placed = skinned @ xp.transpose(_rotation(xp, theta[0:3])) + theta[3:6]
    touched = [
        places[row, 0] * placed[i] + places[row, 1] * placed[j] + (1.0 - places[row, 0] - places[row, 1]) * placed[k]
        for row, (i, j, k) in enumerate(_TRIANGLES)
    ]
    return xp.asarray(_SEEN) - xp.stack(touched, axis=0)


_SEQUENCE = np.array([[0.9, 0.1], [0.2, 0.7], [0.4, 0.5], [0.8, 0.3]])
_BIASES = np.array([[0.3, -0.2, 0.1, 0.4, -0.5, 0.2, 0.6, -0.1], [-0.4, 0.3, 0.2, -0.3, 0.1, 0.5, -0.2, 0.4]])
_STATE = np.array([[[0.1, -0.3], [0.4, 0.2]], [[-0.2, 0.5], [0.3, -0.1]]])


def _lstm_gradient(weights: Array, extra: Array) -> Any:
    count = weights.size + extra.size
    by_weight, by_extra = np.eye(16, count).reshape(2, 8, count), np.eye(6, count, 16).reshape(3, 2, count)
    state = [[(part, np.zeros((2, count))) for part in layer] for layer in _STATE]
    gradient = np.zeros(count)
    for given, wanted in pairwise(_SEQUENCE):
        x, dx = given * extra[0], given[:, None] * by_extra[0]
        for layer in (0, 1):
            (hidden, dh), (cell, dc) = state[layer]
            joined, slopes = np.concatenate([x, hidden, x, hidden]), np.concatenate([dx, dh, dx, dh])
            gates = joined * weights[layer] + _BIASES[layer]
            change = slopes * weights[layer][:, None] + joined[:, None] * by_weight[layer]
            gate = np.append(expit(gates[:6]), np.tanh(gates[6:]))
            change = change * np.append(gate[:6] * (1 - gate[:6]), 1 - gate[6:] ** 2)[:, None]
            f, i, o, c = gate.reshape(4, 2, 1)
            df, di, do, dg = change.reshape(4, 2, count)
            dc = dc * f + cell[:, None] * df + di * c + i * dg
            cell = (cell[:, None] * f + i * c)[:, 0]
            dh = do * np.tanh(cell)[:, None] + o * (1 - np.tanh(cell) ** 2)[:, None] * dc
            hidden = o[:, 0] * np.tanh(cell)
            state[layer] = [(hidden, dh), (cell, dc)]
            x, dx = hidden, dh
        output = x * extra[1] + extra[2]
        slope = dx * extra[1][:, None] + x[:, None] * by_extra[1] + by_extra[2]
        shares = np.exp(output) / (2 + np.sum(np.exp(output)))
        gradient -= (wanted - wanted.sum() * shares) @ slope / 6
    return gradient[: weights.size].reshape(weights.shape), gradient[weights.size :].reshape(extra.shape)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -0.3, 0.8, 0.2, -0.6, 0.4, 0.7, -0.9], [0.3, 0.6, -0.4, 0.9, 0.5, -0.7, 0.2, 0.8]]),
            np.array([[1.2, -0.5], [0.7, 1.4], [0.3, -0.2]]),
        )
    },
    tags=["benchmarks", "scalar", "matrix", "parameters"],
    source="ADBench, documentation of the LSTM objective, with diagonal weights, biases held",
    gradient=_lstm_gradient,
)
def lstm(xp: Any, weights: Any, extra: Any) -> Any:
    """Loss of two layers of LSTM with diagonal weights along a sequence; the 2 in the logarithm is ADBench's."""
    sequence, biases, start = xp.asarray(_SEQUENCE), xp.asarray(_BIASES), xp.asarray(_STATE)
    state = [(start[layer, 0], start[layer, 1]) for layer in (0, 1)]
    total = 0.0
    for step in range(3):
        x = sequence[step] * extra[0]
        for layer in (0, 1):
            hidden, cell = state[layer]
            gates = xp.concatenate([x, hidden, x, hidden], axis=0) * weights[layer] + biases[layer]
            forget, enter, leave = (xp.special.expit(gates[k : k + 2]) for k in (0, 2, 4))
            cell = cell * forget + enter * xp.tanh(gates[6:8])
            x = leave * xp.tanh(cell)
            state[layer] = (x, cell)
        output = x * extra[1] + extra[2]
        total = total + xp.sum(sequence[step + 1] * (output - xp.log(2.0 + xp.sum(xp.exp(output)))))
    return -total / 6.0


def _kmeans_gradient(points: Array, centroids: Array) -> Any:
    nearest = np.argmin(np.sum((points[:, None] - centroids) ** 2, axis=2), axis=1)
    offsets = 2 * (points - centroids[nearest])
    return offsets, -np.stack([offsets[nearest == k].sum(axis=0) for k in range(len(centroids))])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.4, -1.1], [1.7, 0.3], [-0.8, 0.9], [1.2, 0.8]]),
            np.array([[0.1, -0.2], [1.5, 0.7]]),
        )
    },
    operators=_TWICE,
    tags=["benchmarks", "scalar", "matrix", "broadcasting"],
    source="Bottou & Bengio (1994), Convergence Properties of the K-Means Algorithms, NIPS 7",
    gradient=_kmeans_gradient,
)
def kmeans(xp: Any, points: Any, centroids: Any) -> Any:
    """Cost of a clustering; its Hessian in the centroids is diagonal."""
    squares = xp.sum((xp.expand_dims(points, 1) - xp.expand_dims(centroids, 0)) ** 2, axis=2)
    return xp.sum(xp.min(squares, axis=1))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0, 0.3]),),
        "large": (np.array([1000.5, 998.8, 1002.0, -1000.0]),),
        "tied maxima": (np.array([2.0, -1.2, 2.0, 0.3]),),
    },
    operators=_TWICE,
    tags=["benchmarks", "scalar"],
    source="GradBench, evals, documentation of lse",
    gradient=lambda x: shares_of(x),
)
def lse(xp: Any, x: Any) -> Any:
    """Logarithm of a sum of exponentials, shifted by the maximum, whose own derivative cancels."""
    shift = xp.max(x)
    return shift + xp.log(xp.sum(xp.exp(x - shift)))


_TIMES = np.linspace(-1, 1, 7)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, -0.8, 0.5, 1.1]),)},
    operators=_TWICE,
    tags=["benchmarks", "scalar", "parameters"],
    source=_CMPAD + "llsq_obj",
    gradient=lambda x: (
        -np.vander(_TIMES, 4, increasing=True).T @ (np.sign(_TIMES) - np.vander(_TIMES, 4, increasing=True) @ x)
    ),
)
def llsq(xp: Any, x: Any) -> Any:
    """Least squares of a cubic to the signs of its times."""
    times = xp.asarray(_TIMES)
    powers = xp.stack([times**k for k in range(4)], axis=1)
    return 0.5 * xp.sum((xp.sign(times) - xp.matmul(powers, x)) ** 2)


def _adjugate_transposed(a: Array) -> Any:
    size = len(a)
    minors = [
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(size)] for i in range(size)
    ]
    return np.array(minors)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[1.5, -0.4, 0.3, 0.2], [0.6, -1.2, 0.9, 0.5], [-0.7, 0.8, 2.0, -1.1], [0.1, 1.3, -0.6, 0.4]]),
        ),
        "singular": (np.array([[1.0, -0.5, 0.25], [2.0, -1.0, 0.5], [-0.75, 0.5, 2.0]]),),
    },
    operators=["gradient"],
    tags=["benchmarks", "scalar", "matrix"],
    source=_CMPAD + "det_by_minor",
    gradient=_adjugate_transposed,
)
def det(xp: Any, a: Any) -> Any:
    """Determinant by minors, a recursion, with a gradient at singular matrices too."""

    def minor(row: int, columns: tuple[int, ...]) -> Any:
        if len(columns) == 1:
            return a[row, columns[0]]
        rest = [columns[:k] + columns[k + 1 :] for k in range(len(columns))]
        terms = [(-1.0) ** k * a[row, columns[k]] * minor(row + 1, rest[k]) for k in range(len(columns))]
        return sum(terms[1:], terms[0])

    return minor(0, tuple(range(a.shape[0])))


def _ode_jacobian(x: Array) -> Any:
    products, scale = np.cumprod(x), 2.0 ** np.arange(1, 5) / np.array([1, 2, 6, 24])
    return np.tril(np.outer(scale * products, 1 / x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.6, -1.2, 1.5, 0.8]),)},
    operators=["jacobian", "jvp", "vjp"],
    tags=["benchmarks", "vector", "parameters"],
    source=_CMPAD + "an_ode",
    jacobian=_ode_jacobian,
)
def ode(xp: Any, x: Any) -> Any:
    """Three Runge-Kutta steps of y' = (x0, x1 y0, x2 y1, x3 y2), exact here, as y is a quartic in time."""

    def velocity(y: Any) -> Any:
        return x * xp.concatenate([xp.ones((1,)), y[0:3]], axis=0)

    y, step = xp.zeros((4,)), 2.0 / 3.0
    for _ in range(3):
        k1 = velocity(y)
        k2 = velocity(y + step / 2.0 * k1)
        k3 = velocity(y + step / 2.0 * k2)
        k4 = velocity(y + step * k3)
        y = y + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


_MOVED = np.array([[0.0, 1.0], [0.0, 0.0]])


def _field_slope(offset: Array) -> Any:
    distance = np.linalg.norm(offset)
    return np.eye(2) / distance**3 - 3 * np.outer(offset, offset) / distance**5


def _crossing_slopes(position: Array, velocity: Array, control: Array) -> tuple[Array, Array]:
    """The place where the path hits the axis, and its derivative in position, velocity and control."""
    moves, speeds = np.eye(2, 5), np.eye(2, 5, 2)
    while position[1] + 2 * velocity[1] > 0:
        one, two = position - [10, 10 - control], position - [10, 0]
        force = one / np.linalg.norm(one) ** 3 + two / np.linalg.norm(two) ** 3
        change = (_field_slope(one) + _field_slope(two)) @ moves
        change[:, 4] += _field_slope(one)[:, 1]
        position, velocity = position + 2 * velocity, velocity + 2 * force
        moves, speeds = moves + 2 * speeds, speeds + 2 * change
    ratio = velocity[0] / velocity[1]
    slope = moves[0] - ratio * moves[1] - position[1] / velocity[1] * (speeds[0] - ratio * speeds[1])
    return position[0] - ratio * position[1], slope


def _particle_gradient(position: Array, velocity: Array) -> Any:
    control = 3.3
    place, slope = _crossing_slopes(position, velocity, np.asarray(control))
    for _ in range(20):
        control -= place / slope[4]
        place, slope = _crossing_slopes(position, velocity, np.asarray(control))
    return -slope[:2] / slope[4], -slope[2:4] / slope[4]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([7.0, 6.0]), np.array([-0.4, -0.6]))},
    tags=["benchmarks", "scalar"],
    source=_NESTED,
    gradient=_particle_gradient,
)
def particle(xp: Any, position: Any, velocity: Any) -> Any:
    """Control by which a charged particle hits the axis at 0, by Newton steps with a hand-written inner derivative."""

    def crossing(control: Any) -> Any:
        x, v, dx, dv = position, velocity, xp.zeros_like(position), xp.zeros_like(velocity)
        charges = xp.asarray([[10.0, 10.0], [10.0, 0.0]]) - control * xp.asarray(_MOVED)
        for _ in range(5):
            above = x[1] + 2.0 * v[1] > 0.0
            force, slope = _repulsion(xp, x - charges, dx + xp.asarray(_MOVED))
            x, dx = xp.where(above, x + 2.0 * v, x), xp.where(above, dx + 2.0 * dv, dx)
            v, dv = xp.where(above, v + 2.0 * force, v), xp.where(above, dv + 2.0 * slope, dv)
        ratio, change = v[0] / v[1], (dv[0] * v[1] - v[0] * dv[1]) / v[1] ** 2
        return x[0] - ratio * x[1], dx[0] - ratio * dx[1] - change * x[1]

    control = xp.asarray(3.3618)
    for _ in range(2):
        place, slope = crossing(control)
        control = control - place / slope
    return control


def _repulsion(xp: Any, offsets: Any, changes: Any) -> Any:
    """Coulomb's forces of several charges, and their derivative along a change of the offsets, summed."""
    squares = xp.expand_dims(xp.sum(offsets**2, axis=1), 1)
    cubes = squares**1.5
    along = xp.expand_dims(xp.sum(offsets * changes, axis=1), 1)
    return xp.sum(offsets / cubes, axis=0), xp.sum((changes - 3.0 * along / squares * offsets) / cubes, axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.4, -0.6]), 0.15)},
    operators=["jacobian", "jvp", "vjp"],
    tags=["benchmarks", "vector", "parameters"],
    source=_NESTED,
    jacobian=lambda start, rate: (
        np.concatenate([(1 - 2 * rate) ** 3 * np.eye(2), (1 - 2 * rate) ** 2 * np.eye(2)]),
        np.concatenate([-6 * (1 - 2 * rate) ** 2 * start, -4 * (1 - 2 * rate) * start]),
    ),
)
def saddle(xp: Any, start: Any, rate: Any) -> Any:
    """Three steps down in x and, inside each, two steps up in y of the saddle x @ x - y @ y."""
    x = y = start
    for _ in range(3):
        x, y = x - rate * 2.0 * x, start
        for _ in range(2):
            y = y - rate * 2.0 * y
    return xp.concatenate([x, y], axis=0)
