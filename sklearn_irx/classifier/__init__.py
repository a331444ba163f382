"""The classifier: the estimator, the data it is trained on, and what it returns."""
