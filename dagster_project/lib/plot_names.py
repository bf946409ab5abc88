"""Names that people chose, as matplotlib shows them. Pure."""

from __future__ import annotations


def plain_text(name: str) -> str:
    """The name as it is: matplotlib takes what is between two dollar signs for a formula, and fails on others."""
    return name.replace("$", r"\$")


def legend_name(name: str) -> str:
    """The same for a legend, which leaves out names that begin with an underscore."""
    return plain_text(f" {name}" if name.startswith("_") else name)
