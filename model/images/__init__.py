"""What goes in: MNIST, the project's own digits, drawings and uploads, and how they become an input."""
