"""Ball arithmetic (python-flint's Arb) behind gradcheck's backend interface: certified enclosures of derivatives."""

from gradcheck_exact.adapter import ExactBackend

__all__ = ["ExactBackend"]
