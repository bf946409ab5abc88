"""INSERT statements that draw their rows inside the server; text in braces is filled by `load`."""
