"""Benchmarks, or benches for short. Each bench measures a figure, and in the same run a baseline for comparison.

`python -m bench NAME` starts the bench NAME.
"""
