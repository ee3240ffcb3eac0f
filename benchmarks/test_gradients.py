"""``pytest benchmarks``: the suite that ships with the package, over every engine and size."""

from gradcheck.benchmark.suite import pytest_generate_tests as pytest_generate_tests
from gradcheck.benchmark.suite import test_cost as test_cost
