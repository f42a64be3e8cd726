"""Slack, as its channel and its buttons need it: the Web API, people, signed requests, Socket Mode."""
