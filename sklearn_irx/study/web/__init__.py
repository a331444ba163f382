"""The pages of a study: what annotators answer on, and what its organiser sees."""

from sklearn_irx.study.web._serve import links_of, serve

__all__ = ["links_of", "serve"]
