"""The built-in cases, a file (a chapter) for each field.

Importing this package registers every case: it imports each of its modules in alphabetical
order, so a new chapter is a new file and nothing else. A case is a portable function with one
decorator; these lines, in a module that imports ``gradcheck`` and ``numpy as np``, add one::

    @gradcheck.case(inputs=lambda rng: {"ordinary": (np.array([1.5, -0.4]),)}, tags=["elementwise", "scalar"],
                    source="NIST DLMF, section 4.20", gradient=lambda x: np.cos(x))
    def sum_of_sines(xp, x):
        '''Sum of sines.'''
        return xp.sum(xp.sin(x))

What a case of the catalogue keeps to:

- The name is unique and says what the function is; the tags are the field (the chapter) and the
  kind: ``scalar``, ``vector``, ``matrix``, ``broadcasting``, ``parameters``. The source is a
  publication or manual that defines the function.
- The function uses only the names of `gradcheck.namespaces.vocabulary`, Python's operators and
  basic indexing, and has no Python branch on a value. Constants of several numbers are made by
  ``xp.asarray``, from floats. ``@`` stands between matrices; vectors use ``xp.matmul`` or ``xp.dot``.
- Inputs are named points of about 1 to 30 numbers in all, short decimals, at which no gradient is zero or
  constant by construction: sums of what sums to a constant, or plain sums that hide an exchange of
  elements, are weighted unequally and with both signs. The first point is an ordinary one, which a brief
  run takes; others are near what is special, or at it where the derivative exists. Kinks and ties are
  `gradcheck.conventions`.
- ``domain={"x": (0, np.inf)}`` says where it is defined; differences stay inside.
- Operators: the gradient, and a Hessian or a Hessian-vector product, of a scalar function; Jacobian, JVP
  and VJP of a vector one.
- Where a framework is wrong the case stays, with a row in `gradcheck.defects`. Cases of the frameworks'
  own kernels are in `gradcheck.catalogue.native`.
- A closed form is written in NumPy, in the words of the source and not of `f`; it returns one
  array, or a tree like the argument, for one argument and a tuple of them for several.
"""

from importlib import import_module
from pkgutil import iter_modules

CHAPTERS = tuple(sorted(module.name for module in iter_modules(__path__)))
"""The modules that hold the cases."""

for _chapter in CHAPTERS:
    import_module(f"{__name__}.{_chapter}")
