"""Where do people look, rather than read?"""
