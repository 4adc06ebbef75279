"""One image with dropout off and on."""
