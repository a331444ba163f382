"""Objectives of this package beside those of pyhighlights; ``python -m benchmarks.peers.run``."""
