"""The audit: what the checker finds of gradients that are known to be wrong, and says of those that are right."""
