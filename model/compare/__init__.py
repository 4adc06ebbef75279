"""Two networks compared: their sizes, their steps side by side, and which images each one gets right."""
