"""The bot's own sentences. What a notice asks stands in its campaign file; everything else said to people is here.

Short, exact, no exclamation marks; every dead end says what to do next. Pure functions from values to words, a room for
each kind of talk.
"""
