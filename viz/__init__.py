"""The app: figures that only draw, and the Streamlit parts around them."""
