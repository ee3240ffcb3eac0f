"""TensorFlow's start-up notices, kept off the terminal while gradcheck is the one that imports it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"

NOTICE = re.compile(
    rb"I\d{4} |WARNING: All log messages before absl::InitializeLog\(\)|To enable the following instr"
    rb"|E\d{4} .*failed call to cuInit"
)
"""Lines that tell of no trouble: absl's INFO records, what goes with them, and that there is no GPU."""


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back notices while TensorFlow is imported; everything else on stderr is passed on afterwards.

    Nothing is held back if the user set ``TF_CPP_MIN_LOG_LEVEL`` or has imported TensorFlow before.
    The variable alone does not do: the first notices are written before TensorFlow 2.21 reads it.
    """
    level = os.environ.get(LEVEL)
    chosen = level is not None and not (level == "1" and "jax" in sys.modules)  # importing JAX sets it to 1
    if chosen or "tensorflow" in sys.modules:
        yield
        return
    os.environ[LEVEL] = "2"  # errors only
    try:
        with _held_back():
            yield
    finally:
        del os.environ[LEVEL]
        if level is not None:
            os.environ[LEVEL] = level


@contextmanager
def _held_back() -> Iterator[None]:
    """Collect what the process writes to file descriptor 2, and write it again without the notices."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is no stderr to keep clean
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not NOTICE.match(line):
                    os.write(2, line)
