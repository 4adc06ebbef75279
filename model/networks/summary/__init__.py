"""The summary of a network: every step with its shape, parameters, receptive field and cost."""
