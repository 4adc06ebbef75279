"""Ten questions before and after a lesson, each for a known misconception about convolutional networks."""
