"""Hand out what a README needs: the table in Markdown, the code of the network, and its weights."""

from functools import partial

import streamlit as st
from safetensors.torch import save

from model.graph.code.write import code_of, weights_of
from model.graph.module import NetworkModule
from model.networks.authors import author_code
from model.networks.summary.table import of_network as table_of
from model.networks.summary.text import as_markdown
from viz.app import current, tables, widgets
from viz.app.current import of_network

CODE = "code"
_AUTHOR, _GRAPH = "author", "graph"
_VIEWS = {_AUTHOR: "Its author's code", _GRAPH: "Written from its graph"}
_LOAD = """from safetensors.torch import load_file

net = Net().eval()
net.load_state_dict(load_file("weights.safetensors"))"""


def show() -> None:
    """Show the table and the code, folded: closed they compute nothing."""
    st.header("For your README")
    with st.expander("The table in Markdown", key="readme-table", on_change="rerun") as table:
        if table.open:
            st.write("With totals, receptive field and jump of every row, ready to paste.")
            text = markdown()
            st.code(text, language="markdown", wrap_lines=True)
            tables.offer("Download the table", text, "table.md", "text/markdown")
    with st.expander("The code of the network", key="network-code", on_change="rerun") as code:
        if code.open:
            _show_code()


def _show_code() -> None:
    written = author_code(current.network_id())
    if written and widgets.segments("Code", CODE, _VIEWS) == _AUTHOR:
        text, about = written, "As its author wrote it."
    else:
        text = code()
        about = (
            "A class that needs PyTorch alone and gives the same logits with the same weights, bit for bit. Its "
            "weights have the names that their author gave them."
        )
    st.write(about)
    st.code(text, language="python", wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        tables.offer("Download net.py", text, "net.py", "text/x-python")
        weights = partial(_weights, _module())  # a download runs outside of this run
        st.download_button("Download its weights", weights, "weights.safetensors", type="tertiary", on_click="ignore")
    if text is not written:
        st.code(_LOAD, language="python", wrap_lines=True)


@of_network(max_entries=16)
def markdown() -> str:
    """Return the table of the network of this run, for a README."""
    return as_markdown(table_of(current.structure()))


@of_network(max_entries=16)
def code() -> str:
    """Return the network of this run as PyTorch code."""
    shown = current.structure()
    return code_of(_module(), shown.title)


def _weights(module: NetworkModule) -> bytes:
    return save({key: tensor.clone().contiguous() for key, tensor in weights_of(module).items()})


def _module() -> NetworkModule:
    module = current.structure().module
    assert isinstance(module, NetworkModule)  # noqa: S101 (every Network has one)
    return module
