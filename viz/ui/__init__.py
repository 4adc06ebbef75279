"""Everything that knows Streamlit: links, pickers, the drawing pad, cached access to the model."""
