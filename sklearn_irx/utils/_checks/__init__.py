"""The checks, one file per theme; `sklearn_irx.utils.estimator_checks` is their public API."""
