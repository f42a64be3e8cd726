"""How people are told: a message made of neutral blocks, and the channels that carry it."""
