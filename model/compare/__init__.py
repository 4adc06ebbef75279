"""Two networks compared: their sizes, and their steps side by side."""
