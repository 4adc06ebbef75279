"""Images with their predictions, in HTML: as cards to choose from, and one large."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from model.mistakes.records import Accuracy, Prediction
from model.records import Pixels
from viz import theme
from viz.pictures import raster, swatches, words

Link = Callable[[int], str]  # returns the address that shows the image with this number
DISPUTED = "most of five people asked did not confirm it (Northcutt, Athalye and Mueller, 2021)"


def say_accuracy(every: Accuracy, undisputed: Accuracy) -> str:
    """Say the accuracy with and without the images with disputed labels."""
    left_out = every.images - undisputed.images
    return (
        f"The network classifies {every.correct:,} of MNIST's {every.images:,} test images correctly: "
        f"**{words.accuracy(every.share)}**. Without the {left_out} images with a disputed label, it is "
        f"{undisputed.correct:,} of {undisputed.images:,}: **{words.accuracy(undisputed.share)}**. A label is disputed "
        f"if {DISPUTED}."
    )


def cards(predictions: Sequence[Prediction], pictures: Mapping[int, Pixels], selected: int, link: Link) -> str:
    """Draw images side by side, each with its label, the predicted class, both probabilities, and a link.

    Args:
        predictions: In the order of the cards.
        pictures: (28, 28) by the number of the image; an image without a picture gets an empty frame.
        selected: The number of the marked image.
        link: Returns the address of an image.
    """
    items = "".join(_card(each, pictures.get(each.index), each.index == selected, link) for each in predictions)
    return f'<ol class="image-cards" style="--mark: {theme.HIGHLIGHT}">{items}</ol>'


def _card(found: Prediction, pixels: Pixels | None, chosen: bool, link: Link) -> str:
    current = ' aria-current="true"' if chosen else ""
    lines = [(found.predicted, found.confidence)]
    if not found.is_correct:
        lines.append((found.label, found.label_probability))
    shares = "".join(f"<span>{k}: {words.percent(share)}</span>" for k, share in lines)
    heading = f"{found.label}, correct" if found.is_correct else f"{found.label} → {found.predicted}"
    disputed = "<small>disputed</small>" if found.is_disputed else ""
    return (
        f'<li{swatches.selected_class(chosen)}><a href="{escape(link(found.index))}" target="_self" '
        f'aria-label="{say_short(found)}" data-says="{say_short(found)}"{current}>{_picture(pixels)}'
        f"<b>{heading}</b>{shares}{disputed}</a></li>"
    )


def _picture(pixels: Pixels | None, alt: str = "") -> str:
    return '<i class="absent"></i>' if pixels is None else f'<img src="{raster.image(pixels)}" alt="{alt}">'


def say_short(found: Prediction) -> str:
    """Name an image, its label, the predicted class and its probability."""
    disputed = ", disputed label" if found.is_disputed else ""
    return (
        f"image {found.index:,}, labelled {found.label}, classified as {found.predicted} "
        f"with {words.percent(found.confidence)}{disputed}"
    )


def say_cards(predictions: Sequence[Prediction]) -> str:
    """Say the highest and the lowest probability of the predicted class among the images shown."""
    confidences = sorted((float(each.confidence) for each in predictions), reverse=True)
    between = " to ".join(dict.fromkeys(map(words.percent, (confidences[0], confidences[-1]))))
    return f"Images shown: {len(predictions)}. Probability of the predicted class: {between}."


def large(found: Prediction, pixels: Pixels | None) -> str:
    """Draw one image large, with the probabilities of all classes."""
    bars = "".join(_bar(found, k) for k in range(len(found.probabilities)))
    keys = [("predicted", theme.ACCENT)] + ([] if found.is_correct else [("label", theme.HIGHLIGHT)])
    legend = "".join(f'<li><i style="background: {colour}"></i>{name}</li>' for name, colour in keys)
    heading = "correct" if found.is_correct else f"labelled {found.label}, classified as {found.predicted}"
    return (
        f'<section class="large-image"><h3>Image {found.index:,}: {heading}</h3>'
        f"<figure>{_picture(pixels, f'Image {found.index:,}')}</figure>"
        '<div><ol class="bars" start="0" tabindex="0" data-reads="" aria-label="Probability of each class, 0 to 9">'
        f"{bars}</ol>"
        f'<ul class="legend">{legend}</ul></div></section>'
    )


def _bar(found: Prediction, k: int) -> str:
    share = float(found.probabilities[k])
    first = k in {found.predicted, found.label}
    rank = "most" if k == found.predicted else "least" if share < 0.005 and not first else ""
    colour = theme.ACCENT if k == found.predicted else theme.HIGHLIGHT if first else theme.MUTED
    return (
        f'<li class="{rank}" style="--share: {share:.4f}; --colour: {colour}" '
        f'data-says="class {k}: probability {share:.6f}"><span>{words.percent(share)}</span><i></i><b>{k}</b></li>'
    )


def say(found: Prediction) -> str:
    """Say the predicted class, the probability of the label, the next class, and whether the label is disputed."""
    shares = found.probabilities
    rest = sorted({*range(len(shares))} - {found.predicted, found.label}, key=lambda k: -shares[k])[:1]
    following = "".join(f" Next is {k} with {words.percent(shares[k])}." for k in rest if shares[k] >= 0.001)
    label = "" if found.is_correct else f" and gives the label, {found.label}, {words.percent(found.label_probability)}"
    disputed = f" This label is disputed: {DISPUTED}." if found.is_disputed else ""
    return f"The network predicts {found.predicted} with {words.percent(found.confidence)}{label}.{following}{disputed}"


def columns(predictions: Sequence[Prediction]) -> dict[str, list[str]]:
    """Return predictions as columns, one line for each."""
    return {
        "image": [f"{each.index:,}" for each in predictions],
        "label": [str(each.label) for each in predictions],
        "predicted": [str(each.predicted) for each in predictions],
        "its probability": [words.percent(each.confidence) for each in predictions],
        "probability of the label": [words.percent(each.label_probability) for each in predictions],
        "label disputed": ["yes" if each.is_disputed else "" for each in predictions],
    }


def as_csv(predictions: Sequence[Prediction]) -> str:
    """Return predictions with all their probabilities, one line for each."""
    head = ["image", "label", "predicted", "label disputed", *(f"probability of {k}" for k in range(10))]
    lines = [[p.index, p.label, p.predicted, int(p.is_disputed), *p.probabilities.tolist()] for p in predictions]
    return swatches.as_csv([head, *lines])
