"""Remedies for a degenerate selection, beside plain training and each other.

``python -m benchmarks.remedies`` trains and measures, with ``--report`` it writes
``docs/remedies.md``. What is trained stands in ``benchmarks/remedies.toml``.
"""
