"""What each operation gives and costs, worked out in Python alone, before anything is allocated.

Every number comes from a file that a stranger may have written. So each setting has a type and a range, each tensor a
shape that must fit, and sizes are Python's whole numbers, which do not overflow.
"""
