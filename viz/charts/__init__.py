"""Everything with axes, drawn by Plotly: plain values in, a ``plotly.graph_objects.Figure`` out."""
