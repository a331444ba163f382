"""The experiments of Dai et al. (2022) with this package, and what goes with them.

``python -m benchmarks.paper.run`` trains and measures, ``python -m benchmarks.paper.report`` writes
the tables of ``docs/reproduction.md``.
"""
