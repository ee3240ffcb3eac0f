"""The values of the catalogue's densities and divergences: SciPy's distributions, and integrals."""

import numpy as np
import pytest
from scipy import integrate, stats

import gradcheck
import gradcheck.catalogue
from gradcheck_numerical.namespace import NumpyNamespace

COUNTS = np.array([2, 0, 5])
FACTOR = np.array([[1.5, 0.4], [-0.6, 0.9]])

DENSITIES = {
    "normal_log_density": lambda x, m, s: stats.norm(m, s).logpdf(x),
    "gamma_log_density": lambda x, a, b: stats.gamma(a, scale=1 / b).logpdf(x),
    "beta_log_density": lambda x, a, b: stats.beta(a, b).logpdf(x),
    "student_log_density": lambda x, n: stats.t(n).logpdf(x),
    "cauchy_log_density": lambda x, m, s: stats.cauchy(m, s).logpdf(x),
    "laplace_log_density": lambda x, m, s: stats.laplace(m, s).logpdf(x),
    "weibull_log_density": lambda x, k, b: stats.weibull_min(k, scale=b).logpdf(x),
    "gumbel_log_density": lambda x, m, s: stats.gumbel_r(m, s).logpdf(x),
    "exponential_log_density": lambda x, rate: stats.expon(scale=1 / rate).logpdf(x),
    "log_normal_log_density": lambda x, m, s: stats.lognorm(s, scale=np.exp(m)).logpdf(x),
    "chi_square_log_density": lambda x, k: stats.chi2(k).logpdf(x),
    "fisher_log_density": lambda x, m, n: stats.f(m, n).logpdf(x),
    "inverse_gamma_log_density": lambda x, a, b: stats.invgamma(a, scale=b).logpdf(x),
    "pareto_log_density": lambda x, m, a: stats.pareto(a, scale=m).logpdf(x),
    "rayleigh_log_density": lambda x, s: stats.rayleigh(scale=s).logpdf(x),
    "rice_log_density": lambda x, d, s: stats.rice(d / s, scale=s).logpdf(x),
    "von_mises_log_density": lambda x, m, k: stats.vonmises(k, loc=m).logpdf(x),
    "skew_normal_log_density": lambda x, m, s, a: stats.skewnorm(a, m, s).logpdf(x),
    "logistic_log_density": lambda x, m, s: stats.logistic(m, s).logpdf(x),
    "log_logistic_log_density": lambda x, s, k: stats.fisk(k, scale=s).logpdf(x),
    "truncated_normal_log_density": lambda x, m, s: stats.truncnorm((1 - m) / s, (3 - m) / s, m, s).logpdf(x),
    "generalised_normal_log_density": lambda x, m, s, b: stats.gennorm(b, m, s).logpdf(x),
    "extreme_value_log_density": lambda x, m, s, k: stats.genextreme(-k, m, s).logpdf(x),
    "inverse_gaussian_log_density": lambda x, m, k: stats.invgauss(m / k, scale=k).logpdf(x),
    "poisson_log_mass": lambda rate: stats.poisson(rate).logpmf(COUNTS),
    "negative_binomial_log_mass": lambda r, p: stats.nbinom(r, p).logpmf(COUNTS),
    "bernoulli_log_mass": lambda p: stats.bernoulli(p).logpmf([1, 0, 1]),
    "binomial_log_mass": lambda logit: stats.binom(7, 1 / (1 + np.exp(-logit))).logpmf(COUNTS),
    "geometric_log_mass": lambda p: stats.geom(p).logpmf(COUNTS + 1),
    "multinomial_log_mass": lambda w: stats.multinomial(5, w / np.sum(w)).logpmf([3, 0, 2]),
    "multivariate_normal_log_density": lambda x, m, a: stats.multivariate_normal(m, a @ a.T).logpdf(x),
    "multivariate_student_log_density": lambda x, m, a, n: stats.multivariate_t(m, a @ a.T, n).logpdf(x),
    "wishart_log_density": lambda a, b, n: stats.wishart(n, b @ b.T).logpdf(a @ a.T),
    "matrix_normal_log_density": lambda x, a, b: stats.matrix_normal(None, a @ a.T, b @ b.T).logpdf(x),
}


def call(name, *args):
    function = gradcheck.registry[name].function.portable
    return float(function(NumpyNamespace(np.dtype("float64")), *map(np.asarray, args)))


@pytest.mark.parametrize("name", DENSITIES)
def test_a_log_density_is_scipys(name):
    args = next(iter(gradcheck.registry[name].inputs(np.random.default_rng(0)).values()))
    assert call(name, *args) == pytest.approx(np.sum(DENSITIES[name](*args)), rel=1e-10)


def test_a_log_density_of_another_distribution_is_seen():
    assert call("normal_log_density", [0.5], 0.3, 1.4) != pytest.approx(stats.norm(0.3, 1.41).logpdf(0.5), rel=1e-10)


def test_kumaraswamys_density_has_a_total_of_1():
    total, _ = integrate.quad(lambda x: np.exp(call("kumaraswamy_log_density", [x], 2.5, 1.7)), 0, 1)
    assert total == pytest.approx(1)


def test_the_beta_binomial_masses_differ_by_their_constant():
    def difference(a, b):
        return call("beta_binomial_log_mass", a, b) - np.sum(stats.betabinom(7, a, b).logpmf(COUNTS))

    assert difference(1.5, 2.7) == pytest.approx(difference(0.3, 4.0))


def test_the_kalman_filter_and_the_gaussian_process_are_normal_densities():
    y, steps = np.array([0.5, -0.3, 1.1, 0.8]), np.minimum.outer(np.arange(4.0), np.arange(4.0))
    level = stats.multivariate_normal(cov=1 + 0.4 * steps + 0.7 * np.eye(4))
    assert call("kalman_log_likelihood", y, 0.4, 0.7) == pytest.approx(level.logpdf(y))
    places = np.array([0.0, 0.7, 1.5, 2.6])
    kernel = np.exp(0.2 - np.subtract.outer(places, places) ** 2 * np.exp(-0.4) / 2) + np.exp(-1.8) * np.eye(4)
    process = stats.multivariate_normal(cov=kernel)
    assert call("gaussian_process_log_likelihood", y, 0.2, 0.1, -0.9) == pytest.approx(process.logpdf(y))


@pytest.mark.parametrize(
    ("name", "first", "second", "distribution"),
    [
        ("kl_of_normals", (0.5, 1.3), (-0.4, 0.8), stats.norm),
        ("kl_of_gammas", (2.5, 1.7), (1.4, 0.6), lambda a, b: stats.gamma(a, scale=1 / b)),
        ("kl_of_betas", (2.5, 1.7), (1.4, 0.6), stats.beta),
    ],
)
def test_a_divergence_of_two_densities_is_its_integral(name, first, second, distribution):
    p, q = distribution(*first), distribution(*second)
    low, high = p.ppf(1e-13), p.ppf(1 - 1e-13)
    wanted, _ = integrate.quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), low, high, limit=200)
    assert call(name, *first, *second) == pytest.approx(wanted, rel=1e-7)
    assert call(name, *first, *first) == pytest.approx(0, abs=1e-14)


def test_divergences_of_equal_distributions_vanish():
    for name in ("kl_of_categoricals", "jensen_shannon", "hellinger_distance", "total_variation"):
        assert call(name, [0.5, -0.3, 1.1], [0.5, -0.3, 1.1]) == pytest.approx(0, abs=1e-15)
    for name in ("bhattacharyya_distance", "wasserstein_2_of_normals"):
        assert call(name, FACTOR, FACTOR) == pytest.approx(0, abs=1e-14)


def test_the_importance_weighted_bound_is_the_tighter_one():
    constant = np.mean(np.array([-1.3, -0.2, 0.6, 1.1]) ** 2) / 2
    assert call("importance_weighted_bound", 0.4, -0.3) > call("evidence_lower_bound", 0.4, -0.3) + constant
