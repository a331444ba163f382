"""Benchmarks for airspeed velocity."""
