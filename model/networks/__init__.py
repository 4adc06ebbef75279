"""The networks that the app can show."""
