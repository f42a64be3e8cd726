"""Did every planned event of a release fire, with the right properties, before it goes to production?"""
