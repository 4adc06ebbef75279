"""Escape text for Markdown: Streamlit renders every string as Markdown."""

from viz.pictures.markdown import escape_markdown

__all__ = ["escape_markdown"]
