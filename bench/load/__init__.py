"""The capacity of a server of this app, compared with an empty Streamlit page: ``python -m bench.load``."""
