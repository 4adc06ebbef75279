"""Open a network of one's own: the networks that can be shown, and what was understood of one."""
