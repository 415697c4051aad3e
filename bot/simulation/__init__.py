"""A whole campaign in fast time: invented people who know only what the bot tells them, and the books at the end.

The bot is the real one, in a process of its own, and knows the gateway as it knows the platform. What people believe
they were told, what the gateway counted and what stands in the database are three accounts that have to agree.
"""
