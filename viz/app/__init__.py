"""Everything around the pages that knows Streamlit: frame, address, caches, queues, components."""
