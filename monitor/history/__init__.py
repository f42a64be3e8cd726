"""What trackwatch remembers: measures, progress, incidents, and what was told to whom."""
