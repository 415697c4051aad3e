"""Killing, starving and misleading the bot: real processes, and the ledger of the gateway as the judge."""
