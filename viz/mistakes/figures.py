"""Images and what was read of them, in HTML: as cards to choose from, and one in full."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from model.mistakes.records import Answer, Tally
from model.records import Pixels
from viz import theme
from viz.pictures import raster, swatches, words

Link = Callable[[int], str]  # gives the address that shows the image of this number
RATERS = "most of five people who were asked did not confirm (Northcutt, Athalye and Mueller, 2021)"


def say_tally(every: Tally, undisputed: Tally) -> str:
    """Say the accuracy with and without the images whose labels are disputed."""
    left_out = every.images - undisputed.images
    return (
        f"Of MNIST's {every.images:,} test images the network reads {every.right:,} right: "
        f"**{words.accuracy(every.share)}**. Without the {left_out} whose label {RATERS}, it is "
        f"{undisputed.right:,} of {undisputed.images:,}: **{words.accuracy(undisputed.share)}**."
    )


def cards(answers: Sequence[Answer], pictures: Mapping[int, Pixels], selected: int, link: Link) -> str:
    """Draw images side by side, each with its label, what is read, both probabilities, and a link.

    Args:
        answers: In the order in which they stand.
        pictures: (28, 28) by the number of the image; where one is missing, a frame stands for it.
        selected: Number of the image that is marked.
        link: Of an image.
    """
    items = "".join(_card(each, pictures.get(each.index), each.index == selected, link) for each in answers)
    return f'<ol class="misread" style="--mark: {theme.HIGHLIGHT}">{items}</ol>'


def _card(answer: Answer, pixels: Pixels | None, chosen: bool, link: Link) -> str:
    current = ' aria-current="true"' if chosen else ""
    lines = [(answer.read, answer.confidence)]
    if not answer.is_right:
        lines.append((answer.label, answer.of_label))
    shares = "".join(f"<span>{k}: {words.percent(share)}</span>" for k, share in lines)
    heading = f"{answer.label}, right" if answer.is_right else f"{answer.label} → {answer.read}"
    disputed = "<small>disputed</small>" if answer.is_disputed else ""
    return (
        f'<li{swatches.marked(chosen)}><a href="{escape(link(answer.index))}" target="_self" '
        f'aria-label="{say_short(answer)}" data-says="{say_short(answer)}"{current}>{_picture(pixels)}'
        f"<b>{heading}</b>{shares}{disputed}</a></li>"
    )


def _picture(pixels: Pixels | None, alt: str = "") -> str:
    return '<i class="absent"></i>' if pixels is None else f'<img src="{raster.grey(pixels)}" alt="{alt}">'


def say_short(answer: Answer) -> str:
    """Say which image it is, its label, what is read, and how surely."""
    disputed = ", its label disputed" if answer.is_disputed else ""
    return (
        f"image {answer.index:,}, labelled {answer.label}, read as {answer.read} "
        f"with {words.percent(answer.confidence)}{disputed}"
    )


def say_cards(answers: Sequence[Answer]) -> str:
    """Say of the images that are shown how surely they are read, from the most to the least sure."""
    sure = sorted((float(each.confidence) for each in answers), reverse=True)
    between = " to ".join(dict.fromkeys(map(words.percent, (sure[0], sure[-1]))))
    return f"What is read of these {len(answers)} has a probability of {between}."


def exhibit(answer: Answer, pixels: Pixels | None) -> str:
    """Draw one image in full: the picture and the probabilities of all classes."""
    bars = "".join(_bar(answer, k) for k in range(len(answer.probabilities)))
    keys = [("read", theme.ACCENT)] + ([] if answer.is_right else [("label", theme.HIGHLIGHT)])
    legend = "".join(f'<li><i style="background: {colour}"></i>{said}</li>' for said, colour in keys)
    heading = "right" if answer.is_right else f"labelled {answer.label}, read as {answer.read}"
    return (
        f'<section class="exhibit"><h3>Image {answer.index:,}: {heading}</h3>'
        f"<figure>{_picture(pixels, f'Image {answer.index:,}')}</figure>"
        '<div><ol class="bars" start="0" tabindex="0" data-reads="" aria-label="Probability of each class, 0 to 9">'
        f"{bars}</ol>"
        f'<ul class="legend">{legend}</ul></div></section>'
    )


def _bar(answer: Answer, k: int) -> str:
    share = float(answer.probabilities[k])
    first = k in {answer.read, answer.label}
    rank = "most" if k == answer.read else "least" if share < 0.005 and not first else ""
    colour = theme.ACCENT if k == answer.read else theme.HIGHLIGHT if first else theme.MUTED
    return (
        f'<li class="{rank}" style="--share: {share:.4f}; --colour: {colour}" '
        f'data-says="class {k}: probability {share:.6f}"><span>{words.percent(share)}</span><i></i><b>{k}</b></li>'
    )


def say(answer: Answer) -> str:
    """Say what is read, what the label gets, what else competes, and whether the label is disputed."""
    shares = answer.probabilities
    rest = sorted({*range(len(shares))} - {answer.read, answer.label}, key=lambda k: -shares[k])[:1]
    rivals = "".join(f" Next comes {k} with {words.percent(shares[k])}." for k in rest if shares[k] >= 0.001)
    label = "" if answer.is_right else f" and gives the label, {answer.label}, {words.percent(answer.of_label)}"
    disputed = f" This label is one that {RATERS}." if answer.is_disputed else ""
    return f"The network reads {answer.read} with {words.percent(answer.confidence)}{label}.{rivals}{disputed}"


def columns(answers: Sequence[Answer]) -> dict[str, list[str]]:
    """Return answers as columns, a line for each."""
    return {
        "image": [f"{each.index:,}" for each in answers],
        "label": [str(each.label) for each in answers],
        "read as": [str(each.read) for each in answers],
        "probability of it": [words.percent(each.confidence) for each in answers],
        "of the label": [words.percent(each.of_label) for each in answers],
        "label disputed": ["yes" if each.is_disputed else "" for each in answers],
    }


def as_csv(answers: Sequence[Answer]) -> str:
    """Return answers with all their probabilities, a line for each."""
    head = ["image", "label", "read as", "label disputed", *(f"probability of {k}" for k in range(10))]
    lines = [[a.index, a.label, a.read, int(a.is_disputed), *a.probabilities.tolist()] for a in answers]
    return swatches.as_csv([head, *lines])
