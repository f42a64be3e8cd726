"""What should be configured differently, by what people said of the alerts and by what the past shows?"""
