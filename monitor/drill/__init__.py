"""Which faults would be seen, and when? Faults are planted into a copy of what was measured."""
