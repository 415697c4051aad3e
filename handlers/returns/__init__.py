"""The return of a unit as a conversation: checked, confirmed, stamped, handed up, accepted or sent back."""
