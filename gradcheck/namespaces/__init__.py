"""What portable functions are written against: one vocabulary, NumPy's, for every backend."""

from gradcheck.namespaces.arrays import PortableArray
from gradcheck.namespaces.elements import ElementNamespace
from gradcheck.namespaces.library import LibraryNamespace
from gradcheck.namespaces.vocabulary import CONSTANTS, FUNCTIONS

__all__ = ["CONSTANTS", "FUNCTIONS", "ElementNamespace", "LibraryNamespace", "PortableArray"]
