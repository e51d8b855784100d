"""How fast it is, each figure beside a baseline of the same run: `python -m bench NAME`."""
