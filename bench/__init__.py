"""Benchmarks, or benches for short. Each bench measures a figure. In the same run, the bench also measures a baseline,
with which the figure is compared.

`python -m bench NAME` starts the bench NAME.
"""
