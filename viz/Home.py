"""The app's entry: ``streamlit run viz/Home.py``."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Streamlit puts this file's own folder there, not the root
    sys.path.insert(0, str(ROOT))

from viz.app import frame  # noqa: E402

PAGES = [
    st.Page(ROOT / "pages" / "overview.py", title="Overview", url_path="overview", default=True),
    st.Page(ROOT / "pages" / "feature_maps.py", title="Feature maps", url_path="feature_maps"),
    st.Page(ROOT / "pages" / "layers.py", title="Layer by layer", url_path="layer_by_layer"),
    st.Page(ROOT / "pages" / "receptive_field.py", title="Receptive field", url_path="receptive_field"),
    st.Page(ROOT / "pages" / "parameters.py", title="Parameters", url_path="parameters"),
    st.Page(ROOT / "pages" / "dropout.py", title="Dropout", url_path="dropout"),
    st.Page(ROOT / "pages" / "batch_norm.py", title="Batch norm", url_path="batch_norm"),
    st.Page(ROOT / "pages" / "pooling.py", title="Pooling", url_path="pooling"),
    st.Page(ROOT / "pages" / "head.py", title="The head", url_path="head"),
    st.Page(ROOT / "pages" / "saliency.py", title="Saliency", url_path="saliency"),
    st.Page(ROOT / "pages" / "sanity_checks.py", title="Lie detector", url_path="lie_detector"),
    st.Page(ROOT / "pages" / "mistakes.py", title="Mistakes", url_path="mistakes"),
    st.Page(ROOT / "pages" / "training.py", title="Training", url_path="training"),
]

st.set_page_config(page_title="Glass Network", page_icon=ROOT / "viz" / "icon.svg", layout="wide")
frame.run(st.navigation(PAGES, position="hidden"), PAGES)
