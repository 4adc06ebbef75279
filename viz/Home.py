"""The entry point of the app: ``streamlit run viz/Home.py``. The pages are listed in ``viz/app/page_list.py``."""

import gc
import sys
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Streamlit adds only this file's folder
    sys.path.insert(0, str(ROOT))

if get_script_run_ctx(suppress_warning=True) is None:  # the server starts; no page is open yet
    gc.disable()  # until the first run has imported PyTorch: to look for garbage takes a quarter of that time
    from viz.app import first_answer, start

    start.with_file(sys.argv[1:])
    app = st.App(__file__, routes=first_answer.routes())
else:
    from viz.app import frame

    gc.enable()
    frame.run(ROOT)
