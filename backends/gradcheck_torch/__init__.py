"""PyTorch: eager autograd, compiled derivatives, forward mode."""

from gradcheck_torch.adapter import TorchBackend

__all__ = ["TorchBackend"]
