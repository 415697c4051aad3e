"""The chat page inside 浙政钉: the same talk through a browser; a message becomes an `Inbound`, for the same intake.

page       the channel: letters to the page, files from it
site       the web server: what lies at which address
guard      what every answer carries, and who is turned away before anything is looked at
door       免登, sessions, the cookie
talk       messages and files in, lines out
live       open pages hear of new lines at once
sweeping   what is kept for a while only
papers     papers that were promised, collected
lines      a letter as the page gets it; pure
asked      what a page may send; pure
limits     how much of what is taken, and from whom; pure
page/      the page itself: no build step, nothing from elsewhere
"""
