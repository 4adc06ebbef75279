"""An empty Streamlit page that repaints: the baseline of all measurements."""

import streamlit as st

st.session_state.count = st.session_state.get("count", 0) + 1
st.button("Again")
st.html(f"<p class='run'>run {st.session_state.count}</p>")
