"""What a max pool keeps, where its gradient goes, and what a shift of the image changes."""
