"""Training with skorch: the loop, its callbacks, penalties and batches."""
