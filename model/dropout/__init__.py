"""One image with dropout off and on, and the predictions of many passes."""
