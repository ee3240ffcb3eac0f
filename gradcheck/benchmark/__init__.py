"""What gradients cost: problems of any size, the timing of every engine on them, and the report."""
