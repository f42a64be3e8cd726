"""How does trackwatch read events that lie in files?"""
