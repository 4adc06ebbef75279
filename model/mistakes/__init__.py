"""Which labels the network reads as which class."""
