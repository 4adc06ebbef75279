"""How many of strangers' digits are predicted correctly: ``python -m bench.handwriting FOLDER``.

The folder holds ``labels.csv`` (picture, digit, kind) and ``pictures``. Three ways to prepare a picture are compared
with the same network: the app's; Otsu's threshold, crop, fit into 20x20 and centre of mass; and resize and invert.
With ``--mnist`` also: how many of MNIST's test images come back identical when they are uploaded as PNG files.
"""

import argparse
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageOps
from scipy import ndimage

from model.errors import InputError
from model.images import digits, doubt, mnist
from model.networks.assignment import weights
from model.records import Pixels

Prepare = Callable[[bytes], Pixels]


def app(data: bytes) -> Pixels:
    """Prepare a picture as the app does, (28, 28)."""
    return digits.from_upload(io.BytesIO(data)).pixels


def otsu(data: bytes) -> Pixels:
    """Prepare a picture by the plain pipeline, (28, 28)."""
    ink = _grey(data)
    counts = np.bincount(ink.ravel(), minlength=256)
    levels, below = np.arange(256), counts.cumsum()
    sums, above = (counts * levels).cumsum(), counts.sum() - counts.cumsum()
    between = below * above * (sums / below.clip(1) - (sums[-1] - sums) / above.clip(1)) ** 2
    mask = ink > between.argmax()
    if mask.mean() > 0.5:
        mask = ~mask
    (rows, columns) = ndimage.find_objects(mask.astype(int))[0]
    box = Image.fromarray((mask[rows, columns] * 255).astype(np.uint8))
    factor = 20 / max(box.size)
    small = np.asarray(box.resize([max(1, round(side * factor)) for side in box.size], Image.Resampling.BOX))
    y, x = (
        min(max(round(14 - at), 0), 28 - side)
        for at, side in zip(ndimage.center_of_mass(small), small.shape, strict=True)
    )
    sheet = np.zeros((28, 28), dtype=np.uint8)
    sheet[y : y + small.shape[0], x : x + small.shape[1]] = small
    return sheet


def resized(data: bytes) -> Pixels:
    """Resize the whole picture to 28x28, and invert it where it is light, (28, 28)."""
    small = np.asarray(Image.fromarray(_grey(data)).resize((28, 28)))
    return 255 - small if small.mean() > 127 else small


def _grey(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    paper = Image.new("RGBA", upright.size, "white")
    paper.alpha_composite(upright)
    grey = paper.convert("L")
    grey.thumbnail((512, 512), Image.Resampling.BOX)
    return np.asarray(grey)


def predictions(prepare: Prepare, files: Iterator[bytes]) -> list[int | None]:
    """Return the predicted class of each file, None where it is refused."""
    network = weights.load()
    found: list[int | None] = []
    for data in files:
        try:
            pixels = prepare(data)
        except InputError:
            found.append(None)
            continue
        with torch.no_grad():
            found.append(int(network(digits.normalise(pixels)).argmax()))
    return found


def report(folder: Path) -> str:
    """Compare the three ways, by kind, and count what is flagged."""
    labels = pd.read_csv(folder / "labels.csv")
    data = [(folder / "pictures" / name).read_bytes() for name in labels["picture"]]
    labelled = labels["digit"].notna()
    ways: dict[str, Prepare] = {"app": app, "Otsu": otsu, "resized": resized}
    for name, prepare in ways.items():
        found = predictions(prepare, iter(np.asarray(data, dtype=object)[labelled]))
        labels.loc[labelled, name] = [
            each == label for each, label in zip(found, labels["digit"][labelled], strict=True)
        ]
        labels.loc[labelled, f"{name}, refused"] = [each is None for each in found]
    several, doubted = [], []
    for each in data:
        try:
            upload = digits.read_upload(io.BytesIO(each))
        except InputError:
            several.append(False)
            doubted.append(True)
            continue
        several.append(upload.is_several)
        doubted.append(bool(doubt.doubts(upload.digits[0].pixels)) or upload.is_several)
    labels["several"], labels["doubted"] = several, doubted
    digits_alone = labels[labelled]
    photos = digits_alone[digits_alone["kind"].str.startswith("photo")]
    columns = [*ways, *(f"{name}, refused" for name in ways)]
    table = digits_alone.groupby("kind")[columns].sum().assign(n=digits_alone.groupby("kind").size())
    lines = [table.astype(int).to_string()]
    lines += [
        f"{name}: {digits_alone[name].mean():.2%} of {len(digits_alone)}, photos {photos[name].mean():.2%}"
        for name in ways
    ]
    for kind, part in (("single", digits_alone), *labels[~labelled].groupby("kind")):
        lines.append(
            f"{kind}: {part['several'].mean():.1%} flagged as several, {part['doubted'].mean():.1%} with a warning"
        )
    return "\n".join(lines)


def report_mnist() -> str:
    """Count which of MNIST's test images come back identical from a PNG file, and how many are predicted correctly."""
    images, labels = mnist.read("test")
    back = []
    for pixels in images:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        back.append(app(file.getvalue()))
    network, uploaded = weights.load(), np.stack(back)
    with torch.no_grad():
        right = [
            int((network(digits.normalise(each)).argmax(1).numpy() == labels).sum()) for each in (images, uploaded)
        ]
    same = int((uploaded == images).all((1, 2)).sum())
    doubted = sum(bool(doubt.doubts(pixels)) for pixels in images)
    correct = f"correct {right[0]} before, {right[1]} after"
    return f"MNIST: {same} of {len(images)} identical; {correct}; {doubted} with a warning"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="holds labels.csv and pictures")
    parser.add_argument("--mnist", action="store_true", help="also upload MNIST's 10,000 test images")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(report(options.folder))
    if options.mnist:
        print(report_mnist())


if __name__ == "__main__":
    main()
