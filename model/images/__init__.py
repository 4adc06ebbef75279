"""Input images: MNIST, the project's samples, drawings and uploads, and how they become the network's input."""
