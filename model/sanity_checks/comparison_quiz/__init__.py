"""The comparison quiz: which of two maps comes from a network with random weights?"""
