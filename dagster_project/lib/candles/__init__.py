"""Candles: windows, gaps, validation, venue quirks, and the path from a venue to committed rows."""
