"""The commands ``glass table``, ``check``, ``capture`` and ``show``."""
