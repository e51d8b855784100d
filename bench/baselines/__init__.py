"""Baselines: minimal programs that do similar work without Jejak. The benches compare Jejak with these programs."""
