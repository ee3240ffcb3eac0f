"""The working precision of ball arithmetic, which is global to the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flint import ctx

LADDER = (128, 512, 2048)
"""The precisions that are tried one after the other, in bits; the last one is the limit."""

SERIES_LENGTH = 4
"""How many coefficients of a power series are kept: a value, two derivatives, and one more for ``digamma``."""

_TURN = threading.RLock()


@contextmanager
def arithmetic(bits: int) -> Iterator[None]:
    """Compute with `bits` bits; python-flint's settings are global, so one thread at a time, and restored after."""
    with _TURN:
        before = ctx.prec, ctx.cap
        ctx.prec, ctx.cap = bits, SERIES_LENGTH
        try:
            yield
        finally:
            ctx.prec, ctx.cap = before
