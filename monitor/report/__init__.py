"""What must a team know of its week?"""
