"""Which rules do the events in a store keep, so that a plan could promise them?"""
