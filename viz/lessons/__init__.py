"""Lessons: ordered stations, each a view with a question, usual answers and what to point at."""
