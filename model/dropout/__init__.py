"""One image with dropout off and on, and the answers of many passes."""
