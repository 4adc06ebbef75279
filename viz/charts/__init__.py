"""Charts with axes, drawn by Plotly: functions from values to a ``plotly.graph_objects.Figure``."""
