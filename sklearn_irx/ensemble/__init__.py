"""Estimators around fitted classifiers: pair, committee and extractor."""
