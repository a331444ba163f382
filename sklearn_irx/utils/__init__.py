"""Tools for those who build estimators of their own on raw text."""
