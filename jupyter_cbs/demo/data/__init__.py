"""Data for the demo: a seeded generator with planted cases, real data from public packages, and who is granted what.

Nothing here comes from CBS: names, columns and codes are real, every row is made up.
"""
