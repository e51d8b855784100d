"""Baselines: simple programs. Each bench runs a baseline too, and compares the two results."""
