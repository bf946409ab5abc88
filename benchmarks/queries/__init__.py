"""What `python -m benchmarks queries` fills and asks."""
