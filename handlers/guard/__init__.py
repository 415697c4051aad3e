"""What must not come to rest here, by kind: numbers, words, lists of persons. Pure; linear in the length of a text."""
