"""The judge: what agrees, what does not, who is wrong and how that is known."""
