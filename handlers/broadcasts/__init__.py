"""Broadcasts (群发): who is meant, what it costs, the letters it becomes, the talk about it.

plan      who is meant and how many calls it takes; the ways there are
letters   what goes out, in slices
talk      asking for one, agreeing to it, watching, stopping, sending again
report    how it went, for whoever asked for it
"""
