"""Time formats: each format reads the texts of times that have exactly one meaning, and refuses every other text."""
