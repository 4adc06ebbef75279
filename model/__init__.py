"""The network, its trace, its weights and its digits; nothing here imports Streamlit or Plotly."""
