"""A live page on which a person tries a model, edits its rationales, and joins the exchange."""

from sklearn_irx.workbench._serve import serve

__all__ = ["serve"]
