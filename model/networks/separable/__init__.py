"""A network of depthwise and 1x1 convolutions, one of them dilated, and its trained weights."""
