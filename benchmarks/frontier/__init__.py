"""Accuracy against the length of the rationales, of our models and of linear ones.

``python -m benchmarks.frontier`` trains and measures, with ``--report`` it writes
``docs/frontier.md``. What is trained stands in ``benchmarks/frontier.toml``.
"""
