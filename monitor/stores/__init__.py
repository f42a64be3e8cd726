"""Where events lie, and how to measure them in one statement per table."""
