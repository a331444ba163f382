"""The checks themselves, a file a theme; `sklearn_irx.utils.estimator_checks` is the way in."""
