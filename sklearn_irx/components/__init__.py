"""The parts of a classifier that users configure."""
