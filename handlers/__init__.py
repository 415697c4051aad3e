"""The talk: what is decided and said. Plain functions; knows the memory, never the machine (`bot`)."""
