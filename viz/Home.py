"""The entry point of the app: ``streamlit run viz/Home.py``."""

import sys
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Streamlit adds only this file's folder
    sys.path.insert(0, str(ROOT))

PAGES = {  # file in pages/, title
    "overview": "Overview",
    "feature_maps": "Feature maps",
    "layers": "Layer by layer",
    "receptive_field": "Receptive field",
    "parameters": "Parameters",
    "dropout": "Dropout",
    "batch_norm": "Batch norm",
    "pooling": "Pooling",
    "head": "The head",
    "saliency": "Saliency",
    "sanity_checks": "Sanity checks",
    "mistakes": "Mistakes",
    "training": "Training",
    "open": "Open a network",
    "compare": "Compare",
    "worksheet": "Worksheet",
}
OLD = {"layers": "layer_by_layer", "sanity_checks": "lie_detector"}

if get_script_run_ctx(suppress_warning=True) is None:  # the server starts; no page is open yet
    from viz.app import first_answer, start

    start.with_file(sys.argv[1:])
    app = st.App(__file__, routes=first_answer.routes(OLD.get(name, name) for name in PAGES))
else:
    from viz.app import frame

    st.set_page_config(page_title="Glass Network", page_icon=ROOT / "viz" / "icon.svg", layout="wide")
    first, *_rest = PAGES
    frame.run(
        [
            st.Page(ROOT / "pages" / f"{name}.py", title=title, url_path=OLD.get(name, name), default=name == first)
            for name, title in PAGES.items()
        ]
    )
