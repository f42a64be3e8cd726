"""How the tracking plan is written down, and how it is read."""
