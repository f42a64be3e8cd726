"""A shop that does not exist, with faults that are known: what trackwatch is shown on, and tested on."""
