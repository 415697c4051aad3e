"""Fuzzing: what strangers can send, made up by the thousand. A short while of it runs with the tests
(`test_fuzz`); by hand

    python -m tests.fuzz [NAME …] --seconds N

for as long as one likes: guided by coverage where atheris has a wheel (it comes with the tests), blind elsewhere.
"""
