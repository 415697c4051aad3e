"""A notice as data, and the pure engine that walks a person through it: no session, no clock, no async."""
