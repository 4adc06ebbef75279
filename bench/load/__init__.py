"""What a server of this app carries, measured against an empty Streamlit page: ``python -m bench.load``."""
