"""Which of two maps comes from a network with random weights?"""
