"""Strangers' handwriting: most digits are predicted correctly, hardly any is refused."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import handwriting
from tests.serving import ROOT

FOLDER = Path(os.environ.get("HANDWRITING_ROOT", ROOT.parent / "shared" / "handwriting"))


@pytest.mark.slow(reason="reads 178 pictures")
@pytest.mark.parametrize("each", [3, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_strangers_digits_are_predicted(each: int) -> None:
    if not (FOLDER / "labels.csv").exists():
        pytest.skip("The pictures are not part of the project: set HANDWRITING_ROOT to a folder with labels.csv.")
    labels = pd.read_csv(FOLDER / "labels.csv").dropna(subset="digit")[::each]
    files = ((FOLDER / "pictures" / name).read_bytes() for name in labels["picture"])
    found = handwriting.predictions(handwriting.app, files)
    right = np.asarray([digit == label for digit, label in zip(found, labels["digit"], strict=True)])
    assert right.mean() >= 0.97
    assert right[labels["kind"].str.startswith("photo")].mean() >= 0.95
    assert found.count(None) <= 3 // each
