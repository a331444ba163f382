"""The classifier, its training data, and the rationales it returns."""
