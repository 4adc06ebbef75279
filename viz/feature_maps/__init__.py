"""Every feature map of every step."""
