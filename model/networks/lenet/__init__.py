"""The layers of LeNet-5 for pictures of 28x28 pixels, and their trained weights."""
