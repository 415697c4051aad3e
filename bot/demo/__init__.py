"""An invented city to show the bot in: real place names, invented people. The product never needs it."""
