"""Baselines: bare programs that each bench is compared with, in the same run."""
