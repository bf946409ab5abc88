"""A store of the size that a fleet has after two years, and the designs' hot queries on it."""
