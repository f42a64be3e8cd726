"""What is the quality of event files that nobody has configured anything for?"""
