"""One file for each method of attribution: a ``METHOD`` that describes it and an ``attribute`` that computes it."""
