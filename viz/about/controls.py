"""What the page About shows: every page, the sources, and the glossary."""

from itertools import groupby

import streamlit as st

from viz.about import figures
from viz.about.glossary import GLOSSARY
from viz.app import address, glossary, page_list, projector, widgets

WORD = "word"
PAPERS = (  # where a method or a fact on a page comes from
    ("LeCun, Bottou, Bengio, Haffner, 1998", "Gradient-based learning applied to document recognition: MNIST, LeNet-5"),
    ("Zhou and others, 2016", "Learning deep features for discriminative localization: class maps"),
    ("Selvaraju and others, 2017", "Grad-CAM"),
    ("Sundararajan, Taly, Yan, 2017", "Axiomatic attribution for deep networks: integrated gradients"),
    ("Luo and others, 2016", "Understanding the effective receptive field"),
    ("Adebayo and others, 2018", "Sanity checks for saliency maps"),
    ("Yeh and others, 2019", "On the (in)fidelity and sensitivity of explanations"),
    ("Guo and others, 2017", "On calibration of modern neural networks"),
    ("Northcutt, Athalye, Mueller, 2021", "Pervasive label errors in test sets: the disputed labels of MNIST"),
)


def show_pages() -> None:
    """List all pages by group, each with what it shows."""
    groups = [
        (name, [(address.address(page_list.path(file)), entry.title, entry.shows) for file, entry in members])
        for name, members in groupby(page_list.PAGES.items(), lambda each: each[1].group)
    ]
    st.html(figures.pages(groups))


def show_papers() -> None:
    """List the papers."""
    st.markdown("\n".join(f"- {authors}: *{title}*" for authors, title in PAPERS))


def show_glossary() -> None:
    """List every word of the glossary; a projector shows one at a time."""
    address.expect({WORD: GLOSSARY})
    if not projector.is_on():
        st.html(figures.listed(GLOSSARY, glossary.link, glossary.meanings()))
        return
    with projector.controls():
        word = widgets.one_by_one("Word", WORD, {name: name for name in GLOSSARY})
    with projector.stage():
        st.html(figures.listed([word], glossary.link, glossary.meanings()))
