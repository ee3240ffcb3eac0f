import sys

from gradcheck.testing import BackendConformance


class TestJax(BackendConformance):
    engines = ("jax", "jax:eager", "jax:forward")

    def state(self):
        if "jax" not in sys.modules:
            return None
        return dict(sys.modules["jax"].config.values)
