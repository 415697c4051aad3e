"""The machine: process, network, clock. Knows the talk (`handlers`) and the memory (`storage`); neither knows it."""
