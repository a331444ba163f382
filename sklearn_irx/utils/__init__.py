"""Tools for developers of estimators on raw text."""
