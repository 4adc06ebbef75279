"""The nouns: records of plain values and numpy arrays, never changed after they are made.

This is the border between PyTorch and the pictures: ``model`` hands these out, ``viz.figures`` draws them.
Axes are named (C, H, W); pairs are (y, x). One file a topic.
"""
