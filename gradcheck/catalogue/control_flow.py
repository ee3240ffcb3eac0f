"""Loops, recursions, branches on values and iterations to convergence, written out with fixed counts.

An iteration is run until every system has converged to its last digits, so that its derivative is that of
the limit, which the closed forms state.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, polynomial
from scipy.special import ellipe, ellipkm1, softmax

import gradcheck
from gradcheck.functions import Array

_DLMF = "NIST DLMF, section "
_HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM, section "
_ALL = ["jacobian", "jvp", "vjp"]
_TWICE = ["gradient", "hvp"]


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (0.4, np.array([0.5, -1.2, 2.0, 0.3, -0.7])),
        "end of the interval": (1.0, np.array([0.5, -1.2, 2.0, 0.3, -0.7])),
        "zero": (0.0, np.array([0.5, -1.2, 2.0, 0.3, -0.7])),
    },
    operators=_TWICE,
    tags=["control_flow", "scalar", "parameters"],
    source="Clenshaw (1955), Math. Tables Aids Comput. 9, 118-120",
    gradient=lambda x, c: (
        chebyshev.chebval(x, chebyshev.chebder(c)),
        np.cos(np.arange(5) * np.arccos(x)),
    ),
)
def clenshaw(xp: Any, x: Any, coefficients: Any) -> Any:
    """Sum of Chebyshev polynomials by Clenshaw's backward recurrence."""
    ahead, after = xp.zeros_like(x), xp.zeros_like(x)
    for k in (4, 3, 2, 1):
        ahead, after = coefficients[k] + 2.0 * x * ahead - after, ahead
    return coefficients[0] + x * ahead - after


def _legendre_slopes(x: Array) -> Any:
    values: list[Any] = [1.0, x]
    slopes: list[Any] = [0.0, 1.0]
    for n in range(1, 5):
        values.append(((2 * n + 1) * x * values[n] - n * values[n - 1]) / (n + 1))
        slopes.append(slopes[n - 1] + (2 * n + 1) * values[n])
    return np.array(slopes)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.6,), "end of the interval": (-1.0,), "zero": (0.0,)},
    operators=_ALL,
    tags=["control_flow", "vector"],
    source=_DLMF + "18.9",
    jacobian=_legendre_slopes,
)
def legendre_polynomials(xp: Any, x: Any) -> Any:
    """Legendre's polynomials to the fifth by their three-term recurrence."""
    values = [xp.ones_like(x), x]
    for n in range(1, 5):
        values.append(((2 * n + 1) * x * values[n] - n * values[n - 1]) / float(n + 1))
    return xp.stack(values, axis=0)


def _continued_fraction_gradient(b: Array) -> Any:
    tails = [b[-1]]
    for quotient in b[-2::-1]:
        tails.insert(0, quotient + 1 / tails[0])
    return np.cumprod(np.append(1.0, -1 / np.array(tails[1:]) ** 2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.2, 2.0, -0.3, 0.7]),)},
    operators=_TWICE,
    tags=["control_flow", "scalar"],
    source=_DLMF + "1.12",
    gradient=_continued_fraction_gradient,
)
def continued_fraction(xp: Any, quotients: Any) -> Any:
    """Continued fraction of five quotients, from its end."""
    value = quotients[4]
    for k in (3, 2, 1, 0):
        value = quotients[k] + 1.0 / value
    return value


def _horner_jacobian(x: Array, c: Array) -> Any:
    values = [polynomial.polyval(x, polynomial.polyder(c, order)) for order in (1, 2, 3)]
    powers = [
        [np.prod(np.arange(k - order + 1, k + 1)) * float(x) ** max(k - order, 0) for k in range(5)]
        for order in range(3)
    ]
    return np.array(values), np.array(powers)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (1.3, np.array([0.5, -1.2, 2.0, 0.3, -0.7])),
        "zero": (0.0, np.array([0.5, -1.2, 2.0, 0.3, -0.7])),
    },
    operators=_ALL,
    tags=["control_flow", "vector", "parameters"],
    source=_HIGHAM + "5.2",
    jacobian=_horner_jacobian,
)
def horner_derivatives(xp: Any, x: Any, coefficients: Any) -> Any:
    """A quartic and its first two derivatives by one scan of Horner's rule."""
    value = slope = bend = xp.zeros_like(x)
    for k in (4, 3, 2, 1, 0):
        bend = bend * x + slope
        slope = slope * x + value
        value = value * x + coefficients[k]
    return xp.stack([value, slope, 2.0 * bend], axis=0)


_WEIGHTS = np.array([1.0, -2.0, 3.0, -1.5, 2.5])


def _spline_gradient(x: Array) -> Any:
    near, far = np.sign(x) * (1.5 * x**2) - 2 * x, -0.5 * np.sign(x) * (2 - np.abs(x)) ** 2
    return _WEIGHTS * np.select([np.abs(x) < 1, np.abs(x) < 2], [near, far], 0.0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.7, 1.3, -1.8, 2.6]),),
        "at the knots": (np.array([0.0, -1.0, 1.0, -2.0, 0.5]),),
    },
    operators=["gradient"],
    tags=["control_flow", "scalar"],
    source="de Boor (2001), A Practical Guide to Splines, revised ed., Springer, chapter IX",
    gradient=_spline_gradient,
)
def cubic_b_spline(xp: Any, x: Any) -> Any:
    """Cubic B-spline by nested branches that join smoothly, also where they meet."""
    a = xp.abs(x)
    near, far = 2.0 / 3.0 - a**2 + a**3 / 2.0, (2.0 - a) ** 3 / 6.0
    return xp.sum(xp.asarray(_WEIGHTS) * xp.where(a < 1.0, near, xp.where(a < 2.0, far, xp.zeros_like(a))))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.7, 1.3, -1.8, 2.6]),),
        "at the edge of the mask": (np.array([0.4, 0.0, 1.3, -1.8, 0.0]),),
    },
    operators=["gradient"],
    tags=["control_flow", "scalar"],
    source="JAX documentation, frequently asked questions, section on gradients that contain NaN where using where",
    gradient=lambda x: _WEIGHTS * 3.5 * np.maximum(x, 0) ** 2.5,
)
def truncated_power(xp: Any, x: Any) -> Any:
    """Powers 7/2 of what is positive, the root masked twice so that its infinite slope at 0 stays out."""
    positive = x > 0.0
    root = xp.sqrt(xp.where(positive, x, xp.ones_like(x)))
    return xp.sum(xp.asarray(_WEIGHTS) * xp.where(positive, x**3 * root, xp.zeros_like(x)))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.7, 1.3]), np.array([2.0, -1.0, 0.5])),
        "a zero divisor": (np.array([0.4, -0.7, 1.3]), np.array([2.0, 0.0, 0.5])),
    },
    operators=["gradient", "hvp"],
    argnums=0,
    tags=["control_flow", "scalar"],
    source="TensorFlow API documentation, tf.where, notes on double where",
    gradient=lambda x, d: 2 * x * np.divide(1, d**2, out=np.zeros(3), where=d != 0) + np.cos(x),
)
def masked_division(xp: Any, x: Any, divisors: Any) -> Any:
    """Squared quotients, with those by 0 left out."""
    whole = divisors != 0.0
    quotients = x / xp.where(whole, divisors, xp.ones_like(divisors))
    return xp.sum(xp.where(whole, quotients**2, xp.zeros_like(x))) + xp.sum(xp.sin(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.6,), "small": (1e-3,), "large": (400.0,)},
    operators=_TWICE,
    domain={"x": (0.0, np.inf)},
    tags=["control_flow", "scalar"],
    source="Fowler & Robson (1998), Square Root Approximations in Old Babylonian Mathematics, Hist. Math. 25, 366-378",
    gradient=lambda x: 0.5 / np.sqrt(x),
)
def babylonian_square_root(xp: Any, x: Any) -> Any:
    """Square root by 13 averages of a guess and its quotient, from 1."""
    guess = xp.ones_like(x)
    for _ in range(13):
        guess = 0.5 * (guess + x / guess)
    return guess


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.6, -0.8, 0.05, -40.0]),)},
    operators=_ALL,
    tags=["control_flow", "vector"],
    source="Traub (1964), Iterative Methods for the Solution of Equations, Prentice-Hall",
    jacobian=lambda x: np.diag(1 / (3 * np.cbrt(x) ** 2)),
)
def halley_cube_root(xp: Any, x: Any) -> Any:
    """Cube roots by ten of Halley's iterations, from numbers of the same sign."""
    guess = xp.where(x < 0.0, -xp.ones_like(x), xp.ones_like(x))
    for _ in range(10):
        cube = guess**3
        guess = guess * (cube + 2.0 * x) / (2.0 * cube + x)
    return guess


def _agm_gradient(a: Array, b: Array) -> Any:
    rest = (b / a) ** 2  # agm(a, b) = pi a / (2 K(m)) with m = 1 - b**2 / a**2
    whole = ellipkm1(rest)
    slope = (ellipe(1 - rest) - rest * whole) / (2 * (1 - rest) * rest)
    by_rest = np.pi * a / (2 * whole**2) * slope
    return np.pi / (2 * whole) - by_rest * 2 * rest / a, by_rest * 2 * b / a**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.6, 0.7), "far apart": (1.0, 1e-6), "nearly equal": (1.0, 0.99)},
    operators=_TWICE,
    domain={"a": (0.0, np.inf), "b": (0.0, np.inf)},
    tags=["control_flow", "scalar"],
    source=_DLMF + "19.8",
    gradient=_agm_gradient,
)
def agm(xp: Any, a: Any, b: Any) -> Any:
    """Limit of arithmetic and geometric means in eight steps."""
    for _ in range(8):
        a, b = 0.5 * (a + b), xp.sqrt(a * b)
    return a


def _sinkhorn_gradient(cost: Array) -> Any:
    kernel, rows, columns = np.exp(-cost), np.array([0.5, 0.2, 0.3]), np.array([0.3, 0.3, 0.4])
    scale = np.ones(3)
    for _ in range(2000):
        scale = columns / (kernel.T @ (rows / (kernel @ scale)))
    return (rows / (kernel @ scale))[:, None] * kernel * scale


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.1, 0.7, 1.2], [0.9, 0.2, 0.5], [1.4, 0.6, 0.3]]),)},
    operators=["gradient"],
    tags=["control_flow", "scalar", "matrix"],
    source="Cuturi (2013), Sinkhorn Distances: Lightspeed Computation of Optimal Transport, NIPS 26, 2292-2300",
    gradient=_sinkhorn_gradient,
)
def sinkhorn(xp: Any, cost: Any) -> Any:
    """Optimal transport with an entropy by Sinkhorn's scaling; its gradient is the transport plan."""
    rows, columns = xp.asarray([0.5, 0.2, 0.3]), xp.asarray([0.3, 0.3, 0.4])
    kernel, left, right = xp.exp(-cost), rows, xp.ones_like(rows)
    for _ in range(16):
        left = rows / xp.matmul(kernel, right)
        right = columns / xp.matmul(xp.transpose(kernel), left)
    return xp.dot(rows, xp.log(left)) + xp.dot(columns, xp.log(right))


def _power_iteration_gradient(a: Array) -> Any:
    vector = np.linalg.eigh(a)[1][:, -1]
    return np.outer(vector, vector)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[5.0, 0.6, -0.4], [0.6, 1.2, 0.3], [-0.4, 0.3, 0.5]]),)},
    operators=["gradient"],
    tags=["control_flow", "scalar", "matrix"],
    source="Golub & Van Loan (2013), Matrix Computations, 4th ed., Johns Hopkins, section 7.3",
    gradient=_power_iteration_gradient,
)
def power_iteration(xp: Any, a: Any) -> Any:
    """Largest eigenvalue of a symmetric matrix by 24 multiplications, through its normalised vectors."""
    vector = xp.asarray([0.8, 0.5, -0.3])
    for _ in range(24):
        image = xp.matmul(a, vector)
        vector = image / xp.sqrt(xp.sum(image**2))
    return xp.dot(vector, xp.matmul(a, vector))


def _thomas_jacobian(lower: Array, diagonal: Array, upper: Array, right: Array) -> Any:
    inverse = np.linalg.inv(np.diag(diagonal) + np.diag(lower, -1) + np.diag(upper, 1))
    x = inverse @ right
    return -inverse[:, 1:] * x[:-1], -inverse * x, -inverse[:, :-1] * x[1:], inverse


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -0.9, 1.2]),
            np.array([2.0, -1.5, 3.0, 2.5]),
            np.array([0.7, 0.4, -0.6]),
            np.array([1.0, -2.0, 0.5, 3.0]),
        )
    },
    operators=_ALL,
    tags=["control_flow", "vector", "parameters"],
    source=_HIGHAM + "9.6",
    jacobian=_thomas_jacobian,
)
def tridiagonal_solve(xp: Any, lower: Any, diagonal: Any, upper: Any, right: Any) -> Any:
    """Solution of a tridiagonal system by elimination down and substitution up."""
    pivots, sides = [diagonal[0]], [right[0]]
    for k in range(3):
        share = lower[k] / pivots[k]
        pivots.append(diagonal[k + 1] - share * upper[k])
        sides.append(right[k + 1] - share * sides[k])
    x = [sides[3] / pivots[3]]
    for k in (2, 1, 0):
        x.insert(0, (sides[k] - upper[k] * x[0]) / pivots[k])
    return xp.stack(x, axis=0)


def _american_put_gradient(spot: Array, strike: Array, rate: Array, sigma: Array) -> Any:
    unit = np.eye(4)
    step, steps = 0.25, 3
    up, discount = np.exp(sigma * np.sqrt(step)), np.exp(-rate * step)
    d_up, d_discount = up * np.sqrt(step) * unit[3], -step * discount * unit[2]
    chance = (1 / discount - 1 / up) / (up - 1 / up)
    d_chance = (-d_discount / discount**2 + d_up / up**2 - chance * (1 + 1 / up**2) * d_up) / (up - 1 / up)

    def exercise(level: int) -> Any:
        price = spot * up**level
        return strike - price, unit[1] - up**level * unit[0] - spot * level * up ** (level - 1) * d_up

    values = [
        max(exercise(level), (0.0, np.zeros(4)), key=lambda pair: pair[0]) for level in range(-steps, steps + 1, 2)
    ]
    for left in range(steps - 1, -1, -1):
        later, values = values, []
        for place, level in enumerate(range(-left, left + 1, 2)):
            (low, d_low), (high, d_high) = later[place], later[place + 1]
            hope = chance * high + (1 - chance) * low
            slope = d_chance * (high - low) + chance * d_high + (1 - chance) * d_low
            hold = (discount * hope, d_discount * hope + discount * slope)
            values.append(max(hold, exercise(level), key=lambda pair: pair[0]))
    return tuple(values[0][1])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (42.0, 45.0, 0.06, 0.3)},
    operators=["gradient"],
    tags=["control_flow", "scalar"],
    source="Cox, Ross & Rubinstein (1979), Option Pricing: A Simplified Approach, J. Financ. Econ. 7, 229-263",
    gradient=_american_put_gradient,
)
def american_put(xp: Any, spot: Any, strike: Any, rate: Any, sigma: Any) -> Any:
    """Price of an American put by backward induction in a tree of three steps, the better of two at each node."""
    up, discount = xp.exp(0.5 * sigma), xp.exp(-0.25 * rate)
    chance = (1.0 / discount - 1.0 / up) / (up - 1.0 / up)

    def exercise(steps: int) -> Any:
        return strike - spot * up ** xp.asarray(np.arange(-steps, steps + 1.0, 2))

    values = xp.maximum(exercise(3), 0.0)
    for steps in (2, 1, 0):
        hold = discount * (chance * values[1:] + (1.0 - chance) * values[:-1])
        values = xp.maximum(hold, exercise(steps))
    return values[0]


_MOVES = np.array([[0.2, -0.7, 0.4], [1.1, 0.3, -0.5], [-0.6, 0.8, 0.1]])


def _soft_viterbi_gradient(potentials: Array, moves: Array) -> Any:
    paths = list(product(range(3), repeat=len(potentials)))
    scores = np.array(
        [
            sum(potentials[t, s] for t, s in enumerate(path)) + sum(moves[s, after] for s, after in pairwise(path))
            for path in paths
        ]
    )
    chances = np.exp(scores - scores.max())
    by_potential, by_move = np.zeros_like(potentials), np.zeros_like(moves)
    for path, chance in zip(paths, chances / chances.sum(), strict=True):
        for t, s in enumerate(path):
            by_potential[t, s] += chance
        for s, after in pairwise(path):
            by_move[s, after] += chance
    return by_potential, by_move


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.2, 2.0], [0.3, 0.8, -0.4], [1.1, -0.6, 0.2], [-0.9, 0.7, 0.4]]), _MOVES),
        "one path alone": (
            np.array([[50.0, -12.0, 20.0], [3.0, 80.0, -4.0], [11.0, -6.0, 90.0], [-9.0, 7.0, 14.0]]),
            _MOVES,
        ),
    },
    operators=["gradient", "hvp"],
    tags=["control_flow", "scalar", "matrix", "parameters"],
    source="Mensch & Blondel (2018), Differentiable Dynamic Programming for Structured Prediction, arXiv:1802.03676",
    gradient=_soft_viterbi_gradient,
)
def soft_viterbi(xp: Any, potentials: Any, moves: Any) -> Any:
    """Smoothed score of the best path through three states; its gradient is the chance of each state and move."""
    score = potentials[0]
    for t in (1, 2, 3):
        score = potentials[t] + xp.special.logsumexp(xp.expand_dims(score, 1) + moves, axis=0)
    return xp.special.logsumexp(score, axis=0)


_AHEAD = np.array([[0.0, 0.0, -np.inf], [-np.inf, 0.0, 0.0], [-np.inf, -np.inf, 0.0]])
_SCORES = np.array([[0.5, -1.2, 2.0], [0.3, 0.8, -0.4], [1.1, -0.6, 0.2], [-0.9, 0.7, 0.4]])


def _left_to_right_gradient(potentials: Array, entry: Array) -> Any:
    paths = np.array([path for path in product(range(3), repeat=4) if set(np.diff(path)) <= {0, 1}])
    chances = entry[paths[:, 0]] * np.exp(potentials[np.arange(4), paths].sum(axis=1))
    return np.stack([[chances[paths[:, t] == s].sum() for s in range(3)] for t in range(4)]) / chances.sum()


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SCORES, np.array([0.5, 0.2, 0.3])),
        "states out of reach": (_SCORES, np.array([1.0, 0.0, 0.0])),
    },
    operators=["gradient", "hvp"],
    argnums=0,
    tags=["control_flow", "scalar", "matrix"],
    source="Rabiner (1989), A Tutorial on Hidden Markov Models, Proc. IEEE 77, 257-286",
    gradient=_left_to_right_gradient,
)
def left_to_right_model(xp: Any, potentials: Any, entry: Any) -> Any:
    """Log score of all paths through three states that stay or go one ahead; one out of reach scores -infinity."""
    reachable = entry > 0.0
    score = potentials[0] + xp.where(reachable, xp.log(xp.where(reachable, entry, 1.0)), -xp.inf)
    for t in (1, 2, 3):
        score = potentials[t] + xp.special.logsumexp(xp.expand_dims(score, 1) + xp.asarray(_AHEAD), axis=0)
    return xp.special.logsumexp(score, axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0, 0.3]),),
        "far apart": (np.array([-800.0, 700.0, 703.0, -750.0]),),
    },
    operators=_ALL,
    tags=["control_flow", "vector"],
    source="Blelloch (1990), Prefix Sums and Their Applications, Carnegie Mellon University, CMU-CS-90-190",
    jacobian=lambda x: softmax(np.where(np.tri(4) == 1, x, -np.inf), axis=1),
)
def logarithmic_scan(xp: Any, x: Any) -> Any:
    """Running logarithms of sums of exponentials, from the neutral element, -infinity."""
    total, totals = xp.full_like(x[0], -np.inf), []
    for k in range(4):
        total = xp.logaddexp(total, x[k])
        totals.append(total)
    return xp.stack(totals, axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.1, -0.8, 0.6, -1.3]),),
        "zero among them": (np.array([1.1, -0.8, 0.0, -1.3]),),
    },
    operators=_TWICE,
    tags=["control_flow", "scalar"],
    source="Knuth (1997), The Art of Computer Programming, volume 2, 3rd ed., Addison-Wesley, section 4.6.3",
    gradient=lambda x: 13 * x**12 * np.array([1.0, -2.0, 3.0, -1.5]),
)
def power_by_squaring(xp: Any, x: Any) -> Any:
    """Thirteenth powers by the binary digits of 13, weighted."""
    result, base, exponent = xp.ones_like(x), x, 13
    while exponent:
        if exponent % 2:
            result = result * base
        base, exponent = base * base, exponent // 2
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, -1.5]) * result)


_BOWL = np.array([[2.0, 0.6], [0.6, 0.9]])


def _hypergradient(rates: Array, start: Array) -> Any:
    steps = [np.eye(2) - rate * _BOWL for rate in rates]
    whole = np.linalg.multi_dot(steps[::-1])
    force = _BOWL @ whole @ start
    others = [np.linalg.multi_dot([step for k, step in enumerate(steps) if k != left]) for left in range(4)]
    return np.array([-force @ other @ _BOWL @ start for other in others]), whole @ force


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.1, 0.3, 0.2, 0.15]), np.array([1.5, -0.8])),
        "diverging": (np.array([1.3, 1.8, 2.2, 1.5]), np.array([1.5, -0.8])),
    },
    operators=["gradient"],
    tags=["control_flow", "scalar", "parameters"],
    source="Maclaurin, Duvenaud & Adams (2015), Gradient-based Hyperparameter Optimization, arXiv:1502.03492",
    gradient=_hypergradient,
)
def unrolled_descent(xp: Any, rates: Any, start: Any) -> Any:
    """Loss after four steps of gradient descent, in the learning rate of each."""
    bowl, x = xp.asarray(_BOWL), start
    for step in range(4):
        x = x - rates[step] * xp.matmul(bowl, x)
    return 0.5 * xp.dot(x, xp.matmul(bowl, x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0, 0.3, -0.7]),),
        "cancelling": (np.array([300.0, 0.1, 0.001, 245.0, 3.0]),),
    },
    operators=["gradient"],
    tags=["control_flow", "scalar"],
    source="Kahan (1965), Pracniques: Further Remarks on Reducing Truncation Errors, Commun. ACM 8, 40",
    gradient=lambda x: 2 * _WEIGHTS * x,
)
def compensated_sum(xp: Any, x: Any) -> Any:
    """Weighted sum of squares with Kahan's compensation, whose own derivative is nothing."""
    total = lost = xp.zeros_like(x[0])
    for k in range(5):
        term = float(_WEIGHTS[k]) * x[k] ** 2 - lost
        larger = total + term
        total, lost = larger, (larger - total) - term
    return total


def _logistic_map_gradient(x: Array, growth: Array) -> Any:
    by_start, by_growth = 1.0, 0.0
    for _ in range(10):
        slope = growth * (1 - 2 * x)
        by_start, by_growth, x = slope * by_start, slope * by_growth + x * (1 - x), growth * x * (1 - x)
    return by_start, by_growth


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.3, 2.6), "chaotic": (0.3, 3.9)},
    operators=["gradient", "hvp"],
    tags=["control_flow", "scalar"],
    source="May (1976), Simple Mathematical Models with Very Complicated Dynamics, Nature 261, 459-467",
    gradient=_logistic_map_gradient,
)
def logistic_map(xp: Any, x: Any, growth: Any) -> Any:
    """Ten generations of the logistic map; where it is chaotic its gradient grows with each."""
    for _ in range(10):
        x = growth * x * (1.0 - x)
    return x


_NETWORK = ((0, 1), (2, 3), (0, 2), (1, 3), (1, 2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0, 0.3]),)},
    operators=_ALL,
    tags=["control_flow", "vector"],
    source="Batcher (1968), Sorting Networks and Their Applications, AFIPS Spring Joint Computer Conf. 32, 307-314",
    jacobian=lambda x: np.diag(2 * x)[np.argsort(x**2)],
)
def sorting_network(xp: Any, x: Any) -> Any:
    """Squares in order, by a network of minima and maxima."""
    wires = [x[k] ** 2 for k in range(4)]
    for low, high in _NETWORK:
        wires[low], wires[high] = xp.minimum(wires[low], wires[high]), xp.maximum(wires[low], wires[high])
    return xp.stack(wires, axis=0)


def _spectrum_gradient(x: Array) -> Any:
    weights = np.array([1.0, -2.0, 3.0, -1.5, 2.5, 0.5, -0.7, 1.2])
    return 2 * np.real(np.conj(np.fft.fft(weights * np.conj(np.fft.fft(x)))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0, 0.3, 0.9, -0.4, 1.1, -0.8]),)},
    operators=["gradient"],
    tags=["control_flow", "scalar"],
    source="Cooley & Tukey (1965), Math. Comput. 19, 297-301",
    gradient=_spectrum_gradient,
)
def recursive_spectrum(xp: Any, x: Any) -> Any:
    """Weighted power spectrum by a recursion on the even and the odd elements."""

    def transform(signal: Any, size: int) -> Any:
        if size == 1:
            return signal, xp.zeros_like(signal)
        (a, b), (c, d) = transform(signal[0::2], size // 2), transform(signal[1::2], size // 2)
        turn = 2.0 * np.pi * np.arange(size // 2) / size
        cosine, sine = xp.asarray(np.cos(turn)), xp.asarray(np.sin(turn))
        real, imaginary = cosine * c + sine * d, cosine * d - sine * c
        return xp.concatenate([a + real, a - real], axis=0), xp.concatenate([b + imaginary, b - imaginary], axis=0)

    real, imaginary = transform(x, 8)
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, -1.5, 2.5, 0.5, -0.7, 1.2]) * (real**2 + imaginary**2))
