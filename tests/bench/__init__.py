"""Measurements as programs: `python -m tests.bench NAME`. Each runs its baseline in the same run and prints the ratio.

Never timed unit tests; what they print belongs to the machine, the ratios do not.
"""
