"""The design of this run, which lives in the address, and designs to begin with."""

import streamlit as st

from model.design import presets, text
from model.design.records import Assessment, Design
from model.design.runs import kept
from model.design.runs.records import RunChoices, RunStatus
from model.errors import GlassError, InputError
from model.networks.limits import OWN
from viz.app import address
from viz.app.markdown import escape_markdown
from viz.design import cache
from viz.open import controls as opening
from viz.training.live.cache import training_queue
from viz.training.live.controls import person

VIEW = "design_view"
VIEWS = {"layers": "Layers", "text": "As text", "train": "Train it", "inside": "Look inside"}
IDEAS = {  # what to try in each part
    "layers": (
        "Make the first convolution larger. Which numbers change, and which do not?",
        "Remove the max pool. What happens to the receptive field, and what to the work?",
        "Bring it under the limit of parameters, and keep the receptive field as large as the image.",
    ),
    "text": (
        "Change a number in a line. What changes in the PyTorch code?",
        "Paste the nn.Sequential(...) of your own network, or what print(net) shows.",
    ),
    "train": (
        "Train it short with three seeds. Do they differ more than two designs do?",
        "Use half as many kernels, and train again. What does the smaller network lose?",
        "Look at the test images once, at the end. Is the accuracy that of the held-out images?",
    ),
    "inside": (
        "Look at the first maps with random weights. What do they show already?",
        "Change the seed. Does the prediction change?",
    ),
}
WORDS = {  # of the glossary
    "layers": ("parameter", "receptive field", "jump", "stride"),
    "text": ("parameter", "kernel", "stride", "padding"),
    "train": ("epoch", "held-out images", "parameter"),
    "inside": ("feature map", "parameter"),
}
_NO_LAYER = "classes-10"  # an empty text would be no choice
_OPEN, _BEGIN = "open", "design-to-begin-with"


def current() -> Design:
    """Return the design in the address; by default the network that is open, or the assignment's where it is none."""
    design = address.read_as(address.DESIGN, _from_link, None, "Showing the network that is open instead.")
    return _default() if design is None else design


def _from_link(link: str) -> Design:
    """Return the design of a link; the notice of one that is not understood names the part as well."""
    try:
        return text.from_link(link)
    except InputError as error:
        raise InputError(error.problem, f"{error.problem} {error.allowed}", error.remedy) from error


def _default() -> Design:
    found = cache.opened()
    if isinstance(found, str):
        st.info(escape_markdown(f"{found} Showing the assignment's network instead."))
        return cache.preset("assignment")
    for note in found.notes:
        st.caption(escape_markdown(note))
    return found.design


def link(design: Design) -> str:
    """Return a design as the address has it."""
    return text.to_link(design) or _NO_LAYER


def write(design: Design) -> None:
    """Put a design into the address."""
    address.write(**{address.DESIGN: link(design)})


def is_network(found: Assessment) -> bool:
    """Tell whether a design is a network; of one that is none, say on the page what it lacks."""
    if found.works:
        return True
    lacks = " ".join(
        f"{where}{problem.sentence} {problem.fits}"
        for where, problem in (
            *((f"Layer {number}: ", row.problem) for number, row in enumerate(found.rows, 1)),
            ("", found.problem),
        )
        if problem
    )
    st.info(escape_markdown(f"The design is no network yet. {lacks}"))
    return False


def trainer() -> str:
    """Return who trains designs: on one's own machine one person, also after a reload; elsewhere this session."""
    return "the owner of this machine" if opening.limits() is OWN else person()


def status(choices: RunChoices) -> RunStatus | None:
    """Return the status of a training; None where there is none, or where the run that it gave is not kept any more."""
    found = training_queue().status(trainer(), choices)
    return None if found and is_gone(found) else found


def is_gone(status: RunStatus) -> bool:
    """Tell whether a training has ended in a run that is not kept any more."""
    diverged = status.run is not None and status.run.diverged
    return status.stage == "finished" and not diverged and not kept.is_kept(status.choices)


def begin(design: Design) -> None:
    """Let the user begin with a design that comes along, or with the network that is open."""
    known = _known()
    here = link(design)
    st.session_state[_BEGIN] = next((name for name, each in known.items() if link(each) == here), None)
    titles = {_OPEN: "The network that is open", **presets.PRESETS}

    def choose(name: str | None) -> None:
        if name:
            write(known[name])

    st.selectbox(
        "Begin with",
        [*known],
        format_func=lambda name: escape_markdown(titles[name]),
        key=_BEGIN,
        placeholder="Begin with …",
        on_change=address.when_chosen(_BEGIN, choose),
    )


def _known() -> dict[str, Design]:
    """Return the designs to begin with that can be read, by name."""
    known = dict[str, Design]()
    for name in presets.PRESETS:
        try:
            known[name] = cache.preset(name)
        except GlassError:  # of a network whose weights are damaged; its own pages say so
            continue
    found = cache.opened()
    if not isinstance(found, str) and found.design not in known.values():
        known[_OPEN] = found.design
    return known
