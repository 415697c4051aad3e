"""The end of a campaign: its keys and rows are erased, the file is made small, and what remains names nobody.

`scope` says of every table what becomes of it, `erasing` does it in one transaction, `compacting` takes it off disk.
Must not know who asked nor how it is told.
"""
