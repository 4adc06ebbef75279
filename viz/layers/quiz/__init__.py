"""The quiz: questions on each row before its numbers are shown."""
