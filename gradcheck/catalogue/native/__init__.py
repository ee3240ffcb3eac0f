"""Operations that each framework ships itself, held against each other and against a portable definition.

The portable function is the definition, which numerics, SymPy and the exact engine differentiate; each
framework runs its own kernel and rule, forward and backward. Where parameters differ (axis order,
reduction, epsilon, approximation) the calls that mean the same stand side by side::

    @gradcheck.case(
        name="native.gelu",
        inputs=lambda rng: {"ordinary": (np.array([-1.3, 0.4, 2.1]),)},
        tags=["native", "activations", "vector"],
        source="Hendrycks and Gimpel (2016), arXiv:1606.08415",
        native={
            "torch": lambda x: F.gelu(x),
            "jax": lambda x: jax.nn.gelu(x, approximate=False),
            "tensorflow": lambda x: tf.nn.gelu(x),
        },
    )
    def gelu(xp, x):
        '''x times the normal distribution function.'''
        return x * xp.special.ndtr(x)
"""

from importlib import import_module
from pkgutil import iter_modules

for _chapter in sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")):
    import_module(f"{__name__}.{_chapter}")
