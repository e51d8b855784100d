"""Benchmarks: each measures a figure and a baseline in the same run. Start one with `python -m bench NAME`."""
