"""The memory: tables and the few questions asked of them. Knows nothing of the talk and the machine."""
