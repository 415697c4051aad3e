"""Reminders before and after the deadline: their calendar, to whom they go and what each says, the operator's plan."""
