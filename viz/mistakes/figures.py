"""Images with their predictions, in HTML: as cards to choose from, and one large."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from model.mistakes.records import Accuracy, Prediction
from model.records import Pixels
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.markdown import escape_markdown

Link = Callable[[int], str]  # returns the address that shows the image with this number
_LISTED = 5  # classes that a sentence names
_SIDE_BY_SIDE = 12  # probabilities that are drawn as bars; of more classes the likeliest
DISPUTED = "most of five people asked did not confirm it (Northcutt, Athalye and Mueller, 2021)"


def say_accuracy(every: Accuracy, undisputed: Accuracy) -> str:
    """Say the accuracy on MNIST's test images with and without those with disputed labels."""
    left_out = every.images - undisputed.images
    return (
        f"The network classifies {every.correct:,} of MNIST's {every.images:,} test images correctly: "
        f"**{words.accuracy(every.share)}**. Without the {left_out} images with a disputed label, it is "
        f"{undisputed.correct:,} of {undisputed.images:,}: **{words.accuracy(undisputed.share)}**. A label is disputed "
        f"if {DISPUTED}."
    )


def say_accuracy_on(pictures: str, found: Accuracy) -> str:
    """Say the accuracy on other pictures.

    Args:
        pictures: What they are.
        found: The accuracy.
    """
    return (
        f"The network classifies {found.correct:,} of {found.images:,} pictures correctly: "
        f"**{words.accuracy(found.share)}**. They are {pictures}."
    )


def say_left_out(taken: int, fitting: int, unreadable: int, without: Mapping[str, int]) -> str:
    """Say which pictures of a folder are left out; nothing where none is.

    Args:
        taken: How many are taken.
        fitting: How many have a class of the network.
        unreadable: How many of those that are taken cannot be read.
        without: The number of pictures of each class that the network does not have.
    """
    said = []
    if taken < fitting:
        said.append(f"Of the {fitting:,} pictures with a class of this network, {taken:,} are taken, evenly spread.")
    if unreadable:
        files = "1 file cannot be read and is" if unreadable == 1 else f"{unreadable:,} files cannot be read and are"
        said.append(f"{files} not counted.")
    others = {name: count for name, count in without.items() if name}
    if others:
        named = ", ".join(escape_markdown(f"{name} ({count:,})") for name, count in [*others.items()][:_LISTED])
        more = len(others) - _LISTED
        said.append(f"The network has no class {named}{f' and {more:,} more' if more > 0 else ''}: these are left out.")
    if loose := without.get("", 0):
        said.append(f"{loose:,} pictures lie in no sub-folder, so they have no class.")
    return " ".join(said)


def cards(predictions: Sequence[Prediction], pictures: Mapping[int, Pixels], selected: int, link: Link) -> str:
    """Draw images side by side, each with its label, the predicted class, both probabilities, and a link.

    Args:
        predictions: In the order of the cards.
        pictures: (H, W) or (H, W, 3) by the number of the image; an image without a picture gets an empty frame.
        selected: The number of the marked image.
        link: Returns the address of an image.
    """
    items = "".join(_card(each, pictures.get(each.index), each.index == selected, link) for each in predictions)
    return f'<ol class="image-cards" style="--mark: {theme.HIGHLIGHT}">{items}</ol>'


def _card(found: Prediction, pixels: Pixels | None, chosen: bool, link: Link) -> str:
    current = ' aria-current="true"' if chosen else ""
    lines = [(found.predicted_name, found.confidence)]
    if not found.is_correct:
        lines.append((found.label_name, found.label_probability))
    shares = "".join(f"<span>{escape(name)}: {words.percent(share)}</span>" for name, share in lines)
    label, predicted = escape(found.label_name), escape(found.predicted_name)
    heading = f"{label}, correct" if found.is_correct else f"{label} → {predicted}"
    disputed = "<small>disputed</small>" if found.is_disputed else ""
    said = escape(say_short(found))
    return (
        f'<li{swatches.selected_class(chosen)}><a href="{escape(link(found.index))}" target="_self" '
        f'aria-label="{said}" data-says="{said}"{current}>{_picture(pixels)}'
        f"<b>{heading}</b>{shares}{disputed}</a></li>"
    )


def _picture(pixels: Pixels | None, alt: str = "") -> str:
    return '<i class="absent"></i>' if pixels is None else f'<img src="{raster.image(pixels)}" alt="{alt}">'


def say_short(found: Prediction) -> str:
    """Name an image, its label, the predicted class and its probability."""
    disputed = ", disputed label" if found.is_disputed else ""
    return (
        f"image {found.index:,}, labelled {found.label_name}, classified as {found.predicted_name} "
        f"with {words.percent(found.confidence)}{disputed}"
    )


def say_cards(predictions: Sequence[Prediction]) -> str:
    """Say the highest and the lowest probability of the predicted class among the images shown."""
    confidences = sorted((float(each.confidence) for each in predictions), reverse=True)
    between = " to ".join(dict.fromkeys(map(words.percent, (confidences[0], confidences[-1]))))
    return f"Images shown: {len(predictions)}. Probability of the predicted class: {between}."


def large(found: Prediction, pixels: Pixels | None) -> str:
    """Draw one image large, with the probabilities of all classes, or of many classes those of the likeliest."""
    order = _drawn_classes(found)
    bars = "".join(_bar(found, k) for k in order)
    keys = [("predicted", theme.ACCENT)] + ([] if found.is_correct else [("label", theme.HIGHLIGHT)])
    legend = "".join(f'<li><i style="background: {colour}"></i>{name}</li>' for name, colour in keys)
    pair = f"labelled {found.label_name}, classified as {found.predicted_name}"
    heading = "correct" if found.is_correct else escape(pair)
    named = " named" if any(len(found.classes[k]) > 1 for k in order) else ""
    whole = (
        f"{found.classes[0]} to {found.classes[order[-1]]}" if len(order) == len(found.probabilities) else "likeliest"
    )
    return (
        f'<section class="large-image"><h3>Image {found.index:,}: {heading}</h3>'
        f"<figure>{_picture(pixels, f'Image {found.index:,}')}</figure>"
        f'<div><ol class="bars{named}" start="0" tabindex="0" data-reads="" '
        f'aria-label="Probability of each class, {escape(whole)}">{bars}</ol>'
        f'<ul class="legend">{legend}</ul></div></section>'
    )


def _drawn_classes(found: Prediction) -> list[int]:
    every = [*range(len(found.probabilities))]
    if len(every) <= _SIDE_BY_SIDE:
        return every
    return sorted(every, key=lambda k: (k != found.label, -found.probabilities[k]))[:_SIDE_BY_SIDE]


def _bar(found: Prediction, k: int) -> str:
    share = float(found.probabilities[k])
    first = k in {found.predicted, found.label}
    rank = "most" if k == found.predicted else "least" if share < 0.005 and not first else ""
    colour = theme.ACCENT if k == found.predicted else theme.HIGHLIGHT if first else theme.MUTED
    name = escape(found.classes[k])
    return (
        f'<li class="{rank}" style="--share: {share:.4f}; --colour: {colour}" '
        f'data-says="class {name}: probability {share:.6f}"><span>{words.percent(share)}</span><i></i>'
        f"<b>{name}</b></li>"
    )


def say(found: Prediction) -> str:
    """Say the predicted class, the probability of the label, the next class, and whether the label is disputed."""
    shares, names = found.probabilities, [escape_markdown(name) for name in found.classes]
    label, predicted = names[found.label], names[found.predicted]
    rest = sorted({*range(len(shares))} - {found.predicted, found.label}, key=lambda k: -shares[k])[:1]
    following = "".join(f" Next is {names[k]} with {words.percent(shares[k])}." for k in rest if shares[k] >= 0.001)
    given = "" if found.is_correct else f" and gives the label, {label}, {words.percent(found.label_probability)}"
    disputed = f" This label is disputed: {DISPUTED}." if found.is_disputed else ""
    return f"The network predicts {predicted} with {words.percent(found.confidence)}{given}.{following}{disputed}"


def columns(predictions: Sequence[Prediction]) -> dict[str, list[str]]:
    """Return predictions as columns, one line for each."""
    disputed = any(each.is_disputed for each in predictions)
    return {
        "image": [f"{each.index:,}" for each in predictions],
        "label": [each.label_name for each in predictions],
        "predicted": [each.predicted_name for each in predictions],
        "its probability": [words.percent(each.confidence) for each in predictions],
        "probability of the label": [words.percent(each.label_probability) for each in predictions],
        **({"label disputed": ["yes" if each.is_disputed else "" for each in predictions]} if disputed else {}),
    }


def as_csv(predictions: Sequence[Prediction]) -> str:
    """Return predictions with all their probabilities, one line for each."""
    names = [f"probability of {name}" for each in predictions[:1] for name in each.classes]
    head = ["image", "label", "predicted", "label disputed", *names]
    lines = [
        [p.index, p.label_name, p.predicted_name, int(p.is_disputed), *p.probabilities.tolist()] for p in predictions
    ]
    return swatches.as_csv([head, *lines])
