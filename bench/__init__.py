"""Benchmarks, or benches for short. Each bench measures a figure.

In the same run, the bench also measures a baseline and compares the figure with the baseline. `python -m bench NAME`
starts the bench NAME.
"""
