"""The pages of the app: where each stands in the navigation, and what it shows. Reading this takes no Streamlit."""

from collections.abc import Mapping
from typing import NamedTuple

NAME = "Glass Network"


class Entry(NamedTuple):
    """A page of the app.

    Attributes:
        group: Where it stands in the navigation; groups stand in the order of their first pages.
        title: What it is called in the navigation and in the browser's tab.
        icon: One of the symbols of the font that comes with Streamlit.
        shows: What one sees there, in a line.
        path: Its address, where it is not the name of its file.
    """

    group: str
    title: str
    icon: str
    shows: str
    path: str = ""


PAGES: Mapping[str, Entry] = {  # by the name of the file in pages/
    "start": Entry("Start", "Start", "home", "Draw a digit: what the network answers, and why."),
    "lessons": Entry("Start", "Lessons", "school", "Ten, 15 or 45 minutes: questions, notes and a clock."),
    "ten_questions": Entry("Start", "Ten questions", "quiz", "Before and after a lesson: what has changed?"),
    "about": Entry("Start", "About", "info", "What this is, where it comes from, and a glossary."),
    "overview": Entry("Look", "Overview", "account_tree", "Every step of the network on your picture."),
    "feature_maps": Entry("Look", "Feature maps", "grid_view", "Every channel of every step, and its kernels."),
    "layers": Entry("Look", "Layer by layer", "calculate", "The arithmetic of any number.", "layer_by_layer"),
    "receptive_field": Entry("Look", "Receptive field", "center_focus_weak", "The pixels that a unit can see."),
    "parameters": Entry("Layers", "Parameters", "tag", "Shapes, parameters and cost of every row."),
    "dropout": Entry("Layers", "Dropout", "blur_on", "What is left when values are dropped at random."),
    "batch_norm": Entry("Layers", "Batch norm", "equalizer", "How values are centred and scaled."),
    "pooling": Entry("Layers", "Pooling", "compress", "Which value of a window is kept."),
    "head": Entry("Layers", "The head", "functions", "From the last maps to probabilities."),
    "saliency": Entry("Why", "Saliency", "highlight", "Which pixels support the answer, by many methods."),
    "sanity_checks": Entry("Why", "Sanity checks", "rule", "Tests of these maps: can they lie?", "lie_detector"),
    "mistakes": Entry("How good", "Mistakes", "error_outline", "Every test image that the network gets wrong."),
    "training": Entry("How good", "Training", "trending_up", "How the weights were found, epoch by epoch."),
    "open": Entry("Yours", "Open a network", "folder_open", "Included networks, and your own."),
    "design": Entry("Yours", "Design lab", "architecture", "Change the network: what does it cost, what does it see?"),
    "compare": Entry("Yours", "Compare", "compare_arrows", "Two networks on the same picture."),
    "worksheet": Entry("Yours", "Worksheet", "assignment", "Questions about this network, to print."),
}
FIRST, WITH_CHOICES = "start", "overview"  # what the address without a page shows, and what it shows with choices


def path(file: str) -> str:
    """Return the address of a page by the name of its file.

    >>> path("pooling"), path("layers")
    ('pooling', 'layer_by_layer')
    """
    return PAGES[file].path or file


def front(*, choices: bool) -> str:
    """Return the page that an address without a page means.

    An address that holds choices is older than the page Start, and opens what it opened: Overview.
    """
    return WITH_CHOICES if choices else FIRST


def tab_title(title: str) -> str:
    """Return what the browser's tab says of a page.

    >>> tab_title("Pooling")
    'Pooling · Glass Network'
    """
    return f"{title} · {NAME}"
