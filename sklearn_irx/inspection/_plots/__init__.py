"""Plots in the manner of scikit-learn's displays, drawn with matplotlib."""
