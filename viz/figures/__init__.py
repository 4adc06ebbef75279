"""Pure functions from records to pictures; numpy and Plotly only."""
