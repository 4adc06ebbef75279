"""How the network was trained."""
