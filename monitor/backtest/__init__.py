"""What would trackwatch have told, had it watched then?"""
