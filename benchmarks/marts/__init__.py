"""Parts of `python -m benchmarks marts`."""
