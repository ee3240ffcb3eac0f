"""Losses of dynamic programming over sequences, and recurrences unrolled in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp, softmax

import gradcheck
from gradcheck.functions import Array

_CUTURI = "Cuturi & Blondel (2017), Soft-DTW: a Differentiable Loss Function for Time-Series, arXiv:1703.01541"


def _total(xp: Any, terms: Sequence[Any]) -> Any:
    """Logarithm of a sum of exponentials of the states that can be reached; None if none can."""
    reached = [term for term in terms if term is not None]
    return reduce(xp.logaddexp, reached) if reached else None


# -- labellings --------------------------------------------------------------------------------

_LABELS = (2, 2)
_FRAMES = np.array([[0.5, -1.0, 0.3], [0.2, 1.4, -0.6], [-0.8, 0.4, 1.1], [1.2, -0.3, 0.7]])


def _collapsed(path: Sequence[int]) -> tuple[int, ...]:
    kept = [label for k, label in enumerate(path) if k == 0 or label != path[k - 1]]
    return tuple(label for label in kept if label)


def _ctc_gradient(logits: Array) -> Any:
    frames, classes = logits.shape
    paths = np.array([p for p in product(range(classes), repeat=frames) if _collapsed(p) == _LABELS])
    shares = softmax(logits[np.arange(frames), paths].sum(axis=1))
    return softmax(logits, axis=1) - np.einsum("p,ptc->tc", shares, np.eye(classes)[paths])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_FRAMES,), "confident": (8.0 * _FRAMES,), "offset": (_FRAMES - 500.0,)},
    operators=["gradient", "hvp"],
    tags=["sequences", "scalar", "matrix"],
    source="Graves, Fernández, Gomez & Schmidhuber (2006), Connectionist Temporal Classification, ICML 23, 369-376",
    gradient=_ctc_gradient,
)
def connectionist_temporal_classification(xp: Any, logits: Any) -> Any:
    """Negative log likelihood of two like labels in four frames, by the forward recursion."""
    log_p = xp.special.log_softmax(logits, axis=1)
    padded = [0, *(symbol for label in _LABELS for symbol in (label, 0))]
    alpha = [log_p[0, 0], log_p[0, padded[1]], *[None] * (len(padded) - 2)]
    for t in range(1, len(_FRAMES)):
        before, alpha = alpha, []
        for s, label in enumerate(padded):
            jumps = s > 1 and label not in (0, padded[s - 2])
            reached = _total(xp, [before[s], before[s - 1] if s else None, before[s - 2] if jumps else None])
            alpha.append(None if reached is None else reached + log_p[t, label])
    return -xp.logaddexp(alpha[-1], alpha[-2])


_TAGS = (0, 2, 1, 1)


def _chain_gradient(emissions: Array, transitions: Array) -> Any:
    steps, tags = emissions.shape
    paths = np.array(list(product(range(tags), repeat=steps)))
    scores = emissions[np.arange(steps), paths].sum(axis=1) + transitions[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    shares, at, own = softmax(scores), np.eye(tags)[paths], np.eye(tags)[list(_TAGS)]
    in_transitions = np.einsum("p,pti,ptj->ij", shares, at[:, :-1], at[:, 1:]) - own[:-1].T @ own[1:]
    return np.tensordot(shares, at, 1) - own, in_transitions


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_FRAMES, np.array([[0.6, -0.4, 0.3], [0.1, 0.8, -0.2], [-0.7, 0.5, 0.9]])),
        "large scores": (300.0 + 10.0 * _FRAMES, np.array([[6.0, -4.0, 3.0], [1.0, 8.0, -2.0], [-7.0, 5.0, 9.0]])),
    },
    operators=["gradient"],
    tags=["sequences", "scalar", "matrix"],
    source="Lafferty, McCallum & Pereira (2001), Conditional Random Fields, Proceedings of ICML 18, 282-289",
    gradient=_chain_gradient,
)
def linear_chain_random_field(xp: Any, emissions: Any, transitions: Any) -> Any:
    """Negative log likelihood of four tags in a conditional random field."""
    alpha, score = emissions[0], emissions[0, _TAGS[0]]
    for t in range(1, 4):
        alpha = xp.special.logsumexp(xp.expand_dims(alpha, 1) + transitions, axis=0) + emissions[t]
        score = score + transitions[_TAGS[t - 1], _TAGS[t]] + emissions[t, _TAGS[t]]
    return xp.special.logsumexp(alpha, axis=0) - score


def _monotone_paths(frames: int, labels: int) -> Iterator[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    """Yield where each path through a transducer's lattice emits a blank, and where a label."""
    for pauses in product(range(frames), repeat=labels):
        if list(pauses) == sorted(pauses):
            emitted = [(t, u) for u, t in enumerate(pauses)]
            yield [(t, sum(pause <= t for pause in pauses)) for t in range(frames)], emitted


def _transducer_gradient(blank: Array, label: Array) -> Any:
    paths = list(_monotone_paths(*label.shape))
    shares = softmax([sum(blank[at] for at in blanks) + sum(label[at] for at in emitted) for blanks, emitted in paths])
    in_blank, in_label = np.zeros_like(blank), np.zeros_like(label)
    for share, (blanks, emitted) in zip(shares, paths, strict=True):
        for at in blanks:
            in_blank[at] -= share
        for at in emitted:
            in_label[at] -= share
    return in_blank, in_label


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[-0.5, -1.2, -0.3], [-0.9, -0.4, -1.6], [-0.7, -2.1, -0.2]]),
            np.array([[-1.0, -0.4], [-0.6, -1.1], [-0.8, -0.3]]),
        )
    },
    operators=["gradient"],
    tags=["sequences", "scalar", "matrix"],
    source="Graves (2012), Sequence Transduction with Recurrent Neural Networks, arXiv:1211.3711",
    gradient=_transducer_gradient,
)
def transducer_loss(xp: Any, blank: Any, label: Any) -> Any:
    """Negative log likelihood of two labels over three frames, by the lattice of a recurrent transducer."""
    alpha: dict[tuple[int, int], Any] = {(0, 0): 0.0}
    for t, u in [*product(range(3), range(3))][1:]:
        arrivals = []
        if t:
            arrivals.append(alpha[t - 1, u] + blank[t - 1, u])
        if u:
            arrivals.append(alpha[t, u - 1] + label[t, u - 1])
        alpha[t, u] = reduce(xp.logaddexp, arrivals)
    return -(alpha[2, 2] + blank[2, 2])


# -- alignments --------------------------------------------------------------------------------

_STEPS = ((1, 1), (1, 0), (0, 1))
_SERIES = (np.array([0.5, -0.6, 1.3]), np.array([0.1, 1.9, 0.8]))


def _alignments(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    """Return the cells of each path from the first cell to the last one."""
    if (rows, columns) == (0, 0):
        return [[(0, 0)]]
    before = [(rows - down, columns - right) for down, right in _STEPS]
    return [[*path, (rows, columns)] for i, j in before if i >= 0 and j >= 0 for path in _alignments(i, j)]


def _distances(x: Array, y: Array) -> Any:
    """Return the squared distances, and which cells each alignment visits."""
    paths = _alignments(len(x) - 1, len(y) - 1)
    visits = np.zeros((len(paths), len(x), len(y)))
    for path, cells in zip(visits, paths, strict=True):
        path[tuple(zip(*cells, strict=True))] = 1.0
    return (x[:, None] - y) ** 2, visits


def _aligned(x: Array, y: Array, expected: Array) -> Any:
    slope = 2 * (x[:, None] - y) * expected
    return slope.sum(axis=1), -slope.sum(axis=0)


def _soft_dtw_gradient(x: Array, y: Array, gamma: Array) -> Any:
    squares, visits = _distances(x, y)
    costs = np.sum(visits * squares, axis=(1, 2))
    shares = softmax(-costs / gamma)
    value = -gamma * logsumexp(-costs / gamma)
    return *_aligned(x, y, np.tensordot(shares, visits, 1)), (value - shares @ costs) / gamma


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (*_SERIES, 1.0), "hard": (*_SERIES, 0.2)},
    operators=["gradient"],
    domain={"gamma": (0.0, np.inf)},
    tags=["sequences", "scalar", "vector", "parameters"],
    source=_CUTURI,
    gradient=_soft_dtw_gradient,
)
def soft_dynamic_time_warping(xp: Any, x: Any, y: Any, gamma: Any) -> Any:
    """Soft minimum over the alignments of two series, by the recursion over their cells."""
    cost = {(i, j): (x[i] - y[j]) ** 2 for i, j in product(range(3), range(3))}
    for i, j in [*cost][1:]:
        ways = [-cost[i - down, j - right] / gamma for down, right in _STEPS if i >= down and j >= right]
        cost[i, j] = cost[i, j] - gamma * reduce(xp.logaddexp, ways)
    return cost[2, 2]


def _dtw_gradient(x: Array, y: Array) -> Any:
    squares, visits = _distances(x, y)
    return _aligned(x, y, visits[np.argmin(np.sum(visits * squares, axis=(1, 2)))])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": _SERIES},
    operators=["gradient", "hvp"],
    tags=["sequences", "scalar", "vector"],
    source="Sakoe & Chiba (1978), IEEE Transactions on Acoustics, Speech, and Signal Processing 26, 43-49",
    gradient=_dtw_gradient,
)
def dynamic_time_warping(xp: Any, x: Any, y: Any) -> Any:
    """Least cost of an alignment of two series, which only the best path's cells move."""
    cost = {(i, j): (x[i] - y[j]) ** 2 for i, j in product(range(3), range(3))}
    for i, j in [*cost][1:]:
        ways = [cost[i - down, j - right] for down, right in _STEPS if i >= down and j >= right]
        cost[i, j] = cost[i, j] + reduce(xp.minimum, ways)
    return cost[2, 2]


def _soft_alignment_gradient(scores: Array, gap: Array) -> Any:
    rows, columns = scores.shape
    paths = _alignments(rows, columns)
    matches, gaps = np.zeros((len(paths), rows, columns)), np.zeros(len(paths))
    for k, path in enumerate(paths):
        for (i, j), (down, right) in zip(path[1:], np.diff(path, axis=0), strict=True):
            if down and right:
                matches[k, i - 1, j - 1] = 1.0
            else:
                gaps[k] += 1
    shares = softmax(np.sum(matches * scores, axis=(1, 2)) - gap * gaps)
    return np.tensordot(shares, matches, 1), -shares @ gaps


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[1.5, -0.4, 0.3], [-0.7, 0.6, 1.2]]), 0.8),
        "dear gaps": (np.array([[1.5, -0.4, 0.3], [-0.7, 0.6, 1.2]]), 4.0),
    },
    operators=["gradient"],
    tags=["sequences", "scalar", "matrix", "parameters"],
    source="Mensch & Blondel (2018), Differentiable Dynamic Programming for Structured Prediction, arXiv:1802.03676",
    gradient=_soft_alignment_gradient,
)
def soft_global_alignment(xp: Any, scores: Any, gap: Any) -> Any:
    """Needleman and Wunsch's recursion with a soft maximum: matches scored, gaps paid for."""
    best: dict[tuple[int, int], Any] = {(0, 0): 0.0}
    for i, j in [*product(range(3), range(4))][1:]:
        ways = [best[i - 1, j - 1] + scores[i - 1, j - 1]] if i and j else []
        ways += [best[i - 1, j] - gap] if i else []
        ways += [best[i, j - 1] - gap] if j else []
        best[i, j] = reduce(xp.logaddexp, ways)
    return best[2, 3]


# -- trees -------------------------------------------------------------------------------------

_HEADS = (0, 1, 1)


def _rooted(heads: Sequence[int]) -> bool:
    """Whether every word comes to the root 0 by its heads."""
    at = list(range(1, len(heads) + 1))
    for _ in heads:
        at = [heads[word - 1] if word else 0 for word in at]
    return not any(at)


def _dependency_gradient(edges: Array) -> Any:
    words = edges.shape[1]
    trees = np.array([heads for heads in product(range(words + 1), repeat=words) if _rooted(heads)])
    shares = softmax(edges[trees, np.arange(words)].sum(axis=1))
    one = np.eye(words + 1)
    return (np.tensordot(shares, one[trees], 1) - one[list(_HEADS)]).T


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0, 0.3], [0.0, 1.4, -0.6], [-0.8, 0.0, 1.1], [1.2, -0.3, 0.0]]),)
    },
    operators=["gradient"],
    tags=["sequences", "scalar", "matrix"],
    source="Koo, Globerson, Carreras & Collins (2007), Structured Prediction Models via the Matrix-Tree Theorem, EMNLP",
    gradient=_dependency_gradient,
)
def dependency_trees(xp: Any, edges: Any) -> Any:
    """Negative log likelihood of a tree over three words, all trees summed by a determinant."""
    between = xp.exp(edges[1:]) * (1.0 - xp.eye(3))
    laplacian = xp.diag(xp.sum(between, axis=0) + xp.exp(edges[0])) - between
    score = edges[_HEADS[0], 0] + edges[_HEADS[1], 1] + edges[_HEADS[2], 2]
    return xp.linalg.slogdet(laplacian)[1] - score


_SPANS = ((0, 2), (1, 3), (2, 4), (0, 3), (1, 4))


def _bracketings(start: int, end: int) -> list[set[tuple[int, int]]]:
    """Return the spans of more than one word in each binary tree over some words."""
    if end - start == 1:
        return [set()]
    middles = range(start + 1, end)
    pairs = [pair for k in middles for pair in product(_bracketings(start, k), _bracketings(k, end))]
    return [{(start, end), *left, *right} for left, right in pairs]


def _inside_gradient(scores: Array) -> Any:
    trees = np.array([[span in tree for span in _SPANS] for tree in _bracketings(0, 4)], dtype=float)
    return softmax(trees @ scores) @ trees


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.0, 0.3, 1.2, -0.4]),),
        "offset": (np.array([300.5, 299.0, 300.3, 301.2, 299.6]),),
    },
    operators=["gradient"],
    tags=["sequences", "scalar", "vector"],
    source="Stern, Andreas & Klein (2017), A Minimal Span-Based Neural Constituency Parser, arXiv:1705.03919",
    gradient=_inside_gradient,
)
def inside_algorithm(xp: Any, scores: Any) -> Any:
    """Logarithm of the sum over all binary trees of four words, by their spans."""
    own = {span: scores[k] for k, span in enumerate(_SPANS)}
    inside: dict[tuple[int, int], Any] = {(k, k + 1): 0.0 for k in range(4)}
    for width in range(2, 5):
        for start in range(5 - width):
            end = start + width
            splits = [inside[start, k] + inside[k, end] for k in range(start + 1, end)]
            total = reduce(xp.logaddexp, splits) if width > 2 else splits[0]
            inside[start, end] = total + own.get((start, end), 0.0)
    return inside[0, 4]


# -- recurrences -------------------------------------------------------------------------------

_DRIVE = np.array([[0.5, -1.0], [1.5, 0.3], [-0.8, 1.1]])
_READ = np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 2.5]])
_FORWARD = {
    "bias": np.array([0.1, -0.3]),
    "input": np.array([[0.2, -0.7], [1.3, 0.4]]),
    "state": np.array([[0.6, -0.5], [0.3, 0.8]]),
}
_BACKWARD = {
    "bias": np.array([-0.2, 0.4]),
    "input": np.array([[-0.9, 0.5], [0.6, -1.1]]),
    "state": np.array([[0.4, 0.7], [-0.6, 0.2]]),
}


def _states(x: Array, weights: dict[str, Array]) -> Any:
    states = [np.zeros(2)]
    for row in x:
        states.append(np.tanh(weights["input"] @ row + weights["state"] @ states[-1] + weights["bias"]))
    return np.array(states)


def _through_time(x: Array, weights: dict[str, Array], up: Array) -> Any:
    """Backpropagation through time of the slopes `up` of all states: of the weights, and of the inputs."""
    states = _states(x, weights)
    slopes = np.zeros_like(x)
    later = np.zeros(2)
    for t in reversed(range(len(x))):
        slopes[t] = (up[t] + later) * (1 - states[t + 1] ** 2)
        later = slopes[t] @ weights["state"]
    in_weights = {"bias": slopes.sum(axis=0), "input": slopes.T @ x, "state": slopes.T @ states[:-1]}
    return in_weights, slopes @ weights["input"]


def _recurrence(xp: Any, x: Any, weights: Any, times: Sequence[int]) -> dict[int, Any]:
    states, state = {}, xp.zeros(2)
    for t in times:
        driven = xp.matmul(weights["input"], x[t]) + xp.matmul(weights["state"], state)
        state = states[t] = xp.tanh(driven + weights["bias"])
    return states


def _recurrent_gradient(x: Array, weights: dict[str, Array]) -> Any:
    in_weights, in_x = _through_time(x, weights, 2 * _READ * _states(x, weights)[1:])
    return in_x, in_weights


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DRIVE, _FORWARD)},
    operators=["gradient"],
    tags=["sequences", "scalar", "parameters"],
    source="Elman (1990), Finding Structure in Time, Cognitive Science 14, 179-211",
    gradient=_recurrent_gradient,
)
def recurrent_network(xp: Any, x: Any, weights: Any) -> Any:
    """Squares of all states of a simple recurrent network over three steps, weighted."""
    states = _recurrence(xp, x, weights, range(3))
    return xp.sum(xp.asarray(_READ) * xp.stack([states[t] for t in range(3)], axis=0) ** 2)


def _bidirectional_gradient(weights: dict[str, dict[str, Array]]) -> Any:
    ahead = _states(_DRIVE, weights["ahead"])[1:]
    back = _states(_DRIVE[::-1], weights["back"])[:0:-1]
    return {
        "ahead": _through_time(_DRIVE, weights["ahead"], _READ * back)[0],
        "back": _through_time(_DRIVE[::-1], weights["back"], (_READ * ahead)[::-1])[0],
    }


@gradcheck.case(
    inputs=lambda rng: {"ordinary": ({"ahead": _FORWARD, "back": _BACKWARD},)},
    operators=["gradient"],
    tags=["sequences", "scalar", "parameters"],
    source="Schuster & Paliwal (1997), IEEE Transactions on Signal Processing 45, 2673-2681",
    gradient=_bidirectional_gradient,
)
def bidirectional_network(xp: Any, weights: Any) -> Any:
    """Products of the states of two recurrences that run forward and backward in time, weighted."""
    x = xp.asarray(_DRIVE)
    ahead = _recurrence(xp, x, weights["ahead"], range(3))
    back = _recurrence(xp, x, weights["back"], range(2, -1, -1))
    return xp.sum(xp.asarray(_READ) * xp.stack([ahead[t] * back[t] for t in range(3)], axis=0))


def _scan_gradient(x: Array, step: Array, weights: dict[str, Array]) -> Any:
    rate, width, up = -np.exp(weights["log_rate"]), np.logaddexp(0, step), np.array([1.0, -2.0, 0.5, 3.0])
    decay = np.exp(width[:, None] * rate)
    states = [np.zeros(2)]
    for t in range(4):
        states.append(decay[t] * states[-1] + width[t] * weights["write"] * x[t])
    later = np.zeros(2)
    in_x, in_width = np.zeros(4), np.zeros(4)
    in_rate, in_write = np.zeros(2), np.zeros(2)
    for t in reversed(range(4)):
        slope = up[t] * weights["read"] + later
        in_x[t] = slope @ weights["write"] * width[t]
        in_width[t] = slope @ (rate * decay[t] * states[t] + weights["write"] * x[t])
        in_rate += slope * width[t] * decay[t] * states[t]
        in_write += slope * width[t] * x[t]
        later = slope * decay[t]
    return in_x, in_width * expit(step), {"log_rate": in_rate * rate, "read": up @ states[1:], "write": in_write}


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 1.5, 0.3]),
            np.array([0.2, -0.7, 1.3, -0.4]),
            {"log_rate": np.array([-0.5, 0.9]), "read": np.array([0.6, -0.8]), "write": np.array([1.2, 0.4])},
        ),
        "forgetful": (
            np.array([0.5, -1.0, 1.5, 0.3]),
            np.array([6.2, -0.7, 4.3, -0.4]),
            {"log_rate": np.array([-0.5, 3.0]), "read": np.array([0.6, -0.8]), "write": np.array([1.2, 0.4])},
        ),
    },
    operators=["gradient"],
    tags=["sequences", "scalar", "parameters"],
    source="Gu & Dao (2023), Mamba: Linear-Time Sequence Modeling with Selective State Spaces, arXiv:2312.00752",
    gradient=_scan_gradient,
)
def selective_scan(xp: Any, x: Any, step: Any, weights: Any) -> Any:
    """Linear recurrence of two states whose decay depends on the step, read out and weighted."""
    width, rate = xp.logaddexp(0.0, step), -xp.exp(weights["log_rate"])
    state, read = xp.zeros(2), 0.0
    for t, weight in enumerate((1.0, -2.0, 0.5, 3.0)):
        state = xp.exp(width[t] * rate) * state + width[t] * weights["write"] * x[t]
        read = read + weight * xp.sum(weights["read"] * state)
    return read


def _weighted_average_gradient(x: Array, decay: Array) -> Any:
    up = np.array([1.0, -2.0, 0.5, 3.0, -1.5])
    keep = expit(decay)
    lags = np.subtract.outer(np.arange(5), np.arange(5))
    kernel = np.tril(keep ** np.maximum(lags, 0)) * (1 - keep)
    in_keep = np.tril(lags * keep ** np.maximum(lags - 1, 0)) * (1 - keep) - np.tril(keep ** np.maximum(lags, 0))
    return up @ kernel, up @ in_keep @ x * keep * (1 - keep)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 0.3, -0.8]), 0.4)},
    operators=["gradient", "hvp"],
    tags=["sequences", "scalar", "vector", "parameters"],
    source="Hyndman & Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., OTexts, section 8.1",
    gradient=_weighted_average_gradient,
)
def exponential_smoothing(xp: Any, x: Any, decay: Any) -> Any:
    """Exponentially weighted averages with a learned decay, as a lower triangular matrix of powers."""
    keep = xp.special.expit(decay)
    lags = xp.maximum(xp.expand_dims(xp.arange(5.0), 1) - xp.arange(5.0), 0.0)
    kernel = xp.tril(keep**lags) * (1.0 - keep)
    return xp.sum(xp.asarray([1.0, -2.0, 0.5, 3.0, -1.5]) * xp.matmul(kernel, x))
