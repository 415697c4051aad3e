"""浙政钉's side of the wire: a gateway that checks signatures and keeps its limits, and people's phones.

Written from the platform facts alone; imports nothing of the bot, so that a mistake there is not repeated here.
"""
