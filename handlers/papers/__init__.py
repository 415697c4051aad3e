"""What goes out on paper and comes in as a file. Must not know the chat, the network or the clock."""

# The name every paper carries as its maker: the product, never a person.
MAKER = "自查助手"
