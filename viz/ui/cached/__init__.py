"""The model, read once for everybody; what was computed, kept in bounded caches. One file a topic."""
