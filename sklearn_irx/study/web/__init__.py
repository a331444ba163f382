"""Web pages of a study, for annotators and for the organiser."""

from sklearn_irx.study.web._serve import links_of, serve

__all__ = ["links_of", "serve"]
