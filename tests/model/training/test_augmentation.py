"""Distorted images compared with SciPy, pixel by pixel."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from model.training.augmentation import BLACK, POINTS, STILL, distort, draw_bends, draw_matrices
from model.training.recipe import Affine
from tests.model.training.few import small_mnist

FEW = small_mnist().x[:20]


def drawn(affine: Affine, count: int, seed: int = 0) -> Tensor:
    return draw_matrices(affine, count, torch.Generator().manual_seed(seed))


def by_scipy(x: Tensor, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distort one image in pixels from its centre, (y, x): ``source = A (place - centre) + shift + centre``."""
    linear, shift = matrix[::-1, 1::-1], matrix[::-1, 2] * 14
    centre = np.array([13.5, 13.5])
    image = x[0].numpy().astype(float)
    offset = centre + shift - linear @ centre
    padded = np.pad(image, 20, constant_values=BLACK)
    return np.asarray(
        ndimage.affine_transform(padded, linear, offset + 20 - linear @ [20, 20], order=1, cval=BLACK)[20:48, 20:48]
    )


def test_distort_equals_scipys_affine_transform() -> None:
    matrices = drawn(Affine(), len(FEW))
    found = distort(FEW, matrices)
    for image, other, matrix in zip(FEW, found, matrices.double().numpy(), strict=True):
        np.testing.assert_allclose(other[0].numpy(), by_scipy(image, matrix), atol=2e-4)
        turned = matrix * [[1, -1, 1], [-1, 1, 1]]  # the other way
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(other[0].numpy(), by_scipy(image, turned), atol=2e-4)


def test_distort_equals_affine_grid() -> None:
    matrices = drawn(Affine(), len(FEW))
    grid = functional.affine_grid(matrices, list(FEW.shape), align_corners=False)
    expected = functional.grid_sample(FEW - BLACK, grid, align_corners=False) + BLACK
    torch.testing.assert_close(distort(FEW, matrices), expected, atol=1e-4, rtol=0)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(distort(FEW, matrices.flip(1).flip(2)), expected, atol=1e-4, rtol=0)


def test_distort_without_distortion_keeps_the_image() -> None:
    torch.testing.assert_close(distort(FEW, drawn(STILL, len(FEW))), FEW, atol=1e-4, rtol=0)


def test_distort_shifts_whole_pixels_and_fills_with_black() -> None:
    matrices = torch.tensor([[[1, 0, 2 / 14], [0, 1, -1 / 14]]]).expand(len(FEW), 2, 3)
    found = distort(FEW, matrices)
    torch.testing.assert_close(found[..., 1:, :-2], FEW[..., :-1, 2:], atol=1e-4, rtol=0)
    assert found[..., 0, :].eq(BLACK).all()
    assert found[..., -2:].eq(BLACK).all()


def test_black_is_the_normalised_value_of_an_empty_pixel() -> None:
    assert pytest.approx(FEW.min().item()) == BLACK
    assert round(BLACK, 4) == -0.4242


@pytest.mark.parametrize(
    ("affine", "widest"),
    [
        (Affine(rotation=10, shear=0, scale=0, shift=0), lambda m: torch.rad2deg(torch.atan2(m[:, 1, 0], m[:, 0, 0]))),
        (Affine(rotation=0, shear=10, scale=0, shift=0), lambda m: torch.rad2deg(torch.atan(m[:, 0, 1]))),
        (Affine(rotation=0, shear=0, scale=0.1, shift=0), lambda m: 100 * (1 / m[:, 0, 0] - 1)),
        (Affine(rotation=0, shear=0, scale=0, shift=10), lambda m: m[:, 0, 2] * 14),
        (Affine(rotation=0, shear=0, scale=0, shift=10), lambda m: m[:, 1, 2] * 14),
    ],
)
def test_draw_matrices_is_uniform(affine: Affine, widest: object) -> None:
    assert callable(widest)
    values = widest(drawn(affine, 20_000)).double()
    assert values.abs().max() <= 10.001
    for part in (0.25, 0.5, 0.75):  # evenly from -10 to 10
        assert values.quantile(part).item() == pytest.approx(20 * part - 10, abs=0.4)


# Bends


def bent(pixels: float, count: int = len(FEW), seed: int = 0) -> Tensor:
    return draw_bends(pixels, count, torch.Generator().manual_seed(seed))


def keys(distance: float, a: float = -0.75) -> float:
    """Return the weight of a point in cubic convolution, by its distance (Keys, 1981, with PyTorch's ``a``)."""
    t = abs(distance)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def between(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (28, 28) values between the points, (POINTS, POINTS), whose outermost lie in the corner pixels."""
    weights = np.zeros((28, POINTS))
    for place in range(28):
        at = place * (POINTS - 1) / 27
        for near in range(int(at) - 1, int(at) + 3):
            weights[place, min(max(near, 0), POINTS - 1)] += keys(at - near)
    return np.asarray(weights @ points @ weights.T)


def test_elastic_distortion_equals_scipys_map_coordinates() -> None:
    bends = bent(2.0)
    found = distort(FEW, drawn(STILL, len(FEW)), bends)
    here = np.mgrid[:28, :28].astype(float)
    for image, other, (right, down) in zip(FEW, found, bends.double().numpy() * 14, strict=True):
        moved = [here[0] + between(down), here[1] + between(right)]
        expected = ndimage.map_coordinates(
            np.pad(image[0].double(), 9, constant_values=BLACK), np.add(moved, 9), order=1
        )
        np.testing.assert_allclose(other[0].numpy(), expected, atol=1e-3)
        turned = [here[0] + between(right), here[1] + between(down)]  # x and y the other way round
        swapped = ndimage.map_coordinates(
            np.pad(image[0].double(), 9, constant_values=BLACK), np.add(turned, 9), order=1
        )
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(other[0].numpy(), swapped, atol=1e-3)


def test_constant_displacement_is_a_shift() -> None:
    matrices = drawn(Affine(), len(FEW))
    shifted = matrices.clone()
    shifted[:, 0, 2] += 0.1
    shifted[:, 1, 2] -= 0.05
    bends = torch.tensor([0.1, -0.05]).view(1, 2, 1, 1).expand(len(FEW), 2, POINTS, POINTS)
    torch.testing.assert_close(distort(FEW, matrices, bends), distort(FEW, shifted), atol=1e-4, rtol=0)


def test_draw_bends_is_uniform() -> None:
    values = bent(3, 2_000).double() * 14
    assert values.abs().max() <= 3.001
    for part in (0.25, 0.5, 0.75):  # evenly from -3 to 3
        assert values.quantile(part).item() == pytest.approx(6 * part - 3, abs=0.1)


def test_same_seed_gives_the_same_draws() -> None:
    assert torch.equal(bent(1), bent(1))
    assert not torch.equal(bent(1), bent(1, seed=1))
    assert torch.equal(drawn(Affine(), 5), drawn(Affine(), 5))
    assert not torch.equal(drawn(Affine(), 5), drawn(Affine(), 5, seed=1))
