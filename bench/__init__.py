"""Benchmarks: each bench measures a figure and a baseline in one run. `python -m bench NAME` starts a bench."""
