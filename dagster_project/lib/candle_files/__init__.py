"""Recorded candle files: which market a name means, and the rows of every format. Used by `replay` and `import`."""
