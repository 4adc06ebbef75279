"""What is learned from and what judged: the same images every time, read as they are."""

import pytest
import torch

from model.images import mnist
from model.images.digits import normalise
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.training.images import Images, judge, read_images, score, split_training
from tests.model.training.few import small_mnist

SMALL = small_mnist()


@pytest.mark.parametrize("training", [True, False])
def test_judging_is_done_in_evaluation_mode_and_puts_the_mode_back(training: bool) -> None:
    network = weights.load().train(training)
    with torch.no_grad():
        logits = weights.load()(SMALL.x)
    assert torch.equal(score(network, SMALL), logits)
    judged = judge(network, SMALL)
    assert judged.correct == (logits.argmax(1) == SMALL.y).sum()
    of_labels = logits.softmax(dim=1)[range(len(SMALL)), SMALL.y]
    assert judged.loss == pytest.approx(-of_labels.log().mean().item(), rel=1e-5)
    assert network.training is training


def test_the_mode_is_put_back_even_if_judging_fails() -> None:
    network = AssignmentNetwork().train()
    with pytest.raises(RuntimeError):
        judge(network, Images(torch.zeros(1, 3, 28, 28), torch.zeros(1)))
    assert network.training


def test_the_same_5000_images_are_held_out_every_time_and_never_trained_on() -> None:
    everything = Images(torch.arange(60_000.0)[:, None], torch.arange(60_000))
    training, validation = split_training(everything)
    torch.manual_seed(3)
    again = split_training(everything)[1]
    assert len(validation) == 5_000
    assert sorted([*training.y.tolist(), *validation.y.tolist()]) == list(range(60_000))
    assert torch.equal(validation.y, again.y)
    assert torch.equal(validation.x[:, 0].long(), validation.y)


@pytest.mark.usefixtures("mnist_root")
def test_images_are_read_normalised_with_their_labels() -> None:
    pixels, labels = mnist.read("test")
    images = read_images("test", "cpu")
    assert torch.equal(images.x, normalise(pixels))
    assert images.y.tolist() == labels.tolist()
