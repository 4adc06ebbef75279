"""A network in training: everything that a step changes and a checkpoint saves."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from model.networks.authors import author_network
from model.networks.catalogue import ASSIGNMENT
from model.sanity_checks.randomization import randomize
from model.training.augmentation import STILL, distort, draw_bends, draw_matrices
from model.training.averaging import WeightAverage, measure_statistics
from model.training.images import Source
from model.training.masks import MASK_METHODS, BatchShare, SeededDropout, SeededMapDropout
from model.training.recipe import Recipe
from model.training.schedule import learning_rate
from model.training.workers import SharedBatchNorm, Workers

State = dict[str, Tensor]


class Trainer:
    """A network, its optimiser, its weight average, and its random number generators.

    It reads and changes no global state. On a CPU one generator with the run's seed draws the initial weights, then
    the order of the images for each epoch, and the distortions and dropout masks for each batch. On another device a
    second generator there draws the last two.

    Args:
        recipe: How to train.
        seed: The seed of everything random.
        device: The device of the images.
        workers: The processes that share the work.
        id: The network, one of those that come along.
        make: Makes another network, with any weights and no random number, in place of that.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        workers: Workers = Workers(),  # noqa: B008 (frozen)
        id: str = ASSIGNMENT,
        make: Callable[[], nn.Module] | None = None,
    ) -> None:
        self.recipe, self.workers, self.share = recipe, workers, BatchShare()
        self._make = make or partial(uninitialised_network, recipe, id)
        self.generators = [torch.Generator().manual_seed(seed)]
        if device.type != "cpu":
            self.generators.append(torch.Generator(device).manual_seed(seed))
        self.network = self._built().to(device)
        self.optimiser = torch.optim.SGD(
            self.network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
        )
        self.average = WeightAverage(self.network, recipe.averaging) if recipe.averaging else None

    def _built(self) -> nn.Module:
        """Build the network with PyTorch's initial weights and this run's own dropout and batch norm."""
        network = self._make()
        for name, module in [*network.named_modules()]:
            randomize(module, self.generators[0])
            if isinstance(module, nn.Dropout):
                own = SeededDropout(module.p, MASK_METHODS[self.recipe.masks], self.generators[-1], self.share)
                network.set_submodule(name, own)
            elif isinstance(module, nn.Dropout2d):
                network.set_submodule(name, SeededMapDropout(module.p, self.generators[-1]))
            elif isinstance(module, nn.BatchNorm2d) and self.workers.count > 1:
                network.set_submodule(name, SharedBatchNorm.from_batch_norm(module, self.workers))
        return self._laid_out(network)

    def _laid_out(self, network: nn.Module) -> nn.Module:
        return network.to(memory_format=torch.channels_last if self.recipe.channels_last else torch.contiguous_format)

    def train_epoch(self, number: int, images: Source) -> float:
        """Train on every image once and return the mean training loss over the batches.

        Raises:
            WorkerError: Another process ended.
        """
        losses: list[Tensor] = []
        count = -(-len(images) // self.recipe.batch_size)
        title = f"epoch {number:2}/{self.recipe.epochs}"
        bar = tqdm(self.steps(number, images), title, count, leave=True, disable=self.workers.number > 0)
        for loss in bar:
            losses.append(loss)
            if len(losses) % 50 == 0:
                bar.set_postfix(loss=f"{np.mean(_numbers(losses[-50:])):.4f}")
        return float(np.mean(_numbers([self.workers.add_up(torch.stack(losses))])))

    def steps(self, number: int, images: Source, most: int | None = None) -> Iterator[Tensor]:
        """Take the steps of an epoch, and yield the loss of each (this process's part).

        Args:
            number: Of the epoch, from 1.
            images: The training images.
            most: The epoch ends after so many steps.

        Raises:
            WorkerError: Another process ended.
        """
        order = torch.randperm(len(images), generator=self.generators[0]).to(images.y.device)
        batches = order.split(self.recipe.batch_size)[:most]
        self.network.train()
        for step, batch in enumerate(batches, start=(number - 1) * len(batches)):
            yield self.train_step(images, batch, step, self.recipe.epochs * len(batches))

    def train_step(self, images: Source, batch: Tensor, step: int, steps: int) -> Tensor:
        """Take one step, counted from 0, on the images at these positions; return the loss (this process's part)."""
        self.share.total, self.share.rows = len(batch), self.workers.share(len(batch))
        mine = images.at(batch[self.share.rows])
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, step, steps)
        self.optimiser.zero_grad()
        plain = step * self.recipe.epochs >= steps * (self.recipe.epochs - self.recipe.plain_epochs)
        loss = self._loss(self.network(mine.x if plain else self._distorted(mine.x)), mine.y)
        loss.backward()
        self.workers.add_gradients(self.network)
        self.optimiser.step()
        if self.average:
            self.average.update(self.network, step)
        return loss.detach()

    def _distorted(self, x: Tensor) -> Tensor:
        affine, bend, count = self.recipe.affine, self.recipe.bend, self.share.total
        if affine is None and not bend:
            return x
        matrices = draw_matrices(affine or STILL, count, self.generators[-1])[self.share.rows]
        bends = draw_bends(bend, count, self.generators[-1])[self.share.rows] if bend else None
        return distort(x, matrices, bends)

    def _loss(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss over the batch, or this process's part of it."""
        smoothing = self.recipe.label_smoothing
        if self.workers.count == 1:
            return nn.functional.cross_entropy(logits, y, label_smoothing=smoothing)
        total = nn.functional.cross_entropy(logits, y, label_smoothing=smoothing, reduction="sum")
        return total / self.share.total

    def evaluation_network(self, images: Source) -> nn.Module:
        """Return the network for evaluation: the weight average with measured statistics if there is one, else a copy.

        Args:
            images: The training images, for measuring the statistics.
        """
        network = self._laid_out(self._make().to(images.y.device))
        network.load_state_dict(self.network.state_dict())
        if self.average:
            network.load_state_dict(self.average.weights, strict=False)
            measure_statistics(network, images)
        return network.eval()

    def state(self) -> State:
        """Return copies of everything that a step changes, by name, on the CPU."""
        found = {f"network/{key}": tensor for key, tensor in self.network.state_dict().items()}
        if self.recipe.momentum:
            for name, weight in self.network.named_parameters():
                found[f"momentum/{name}"] = self.optimiser.state[weight]["momentum_buffer"]
        if self.average:
            found |= {f"average/{name}": tensor for name, tensor in self.average.weights.items()}
        found |= {f"generator/{number}": each.get_state() for number, each in enumerate(self.generators)}
        return {key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in found.items()}

    def restore(self, state: State) -> None:
        """Restore a state, so that training continues bit for bit.

        Raises:
            KeyError, RuntimeError: It is not the state of such a trainer.
        """
        self.network.load_state_dict(_below(state, "network/"))
        for name, weight in self.network.named_parameters() if self.recipe.momentum else ():
            buffer = torch.empty_like(weight, requires_grad=False).copy_(state[f"momentum/{name}"])
            self.optimiser.state[weight]["momentum_buffer"] = buffer
        if self.average:
            for name, tensor in self.average.weights.items():
                tensor.copy_(state[f"average/{name}"])
        for number, generator in enumerate(self.generators):
            generator.set_state(state[f"generator/{number}"])


def uninitialised_network(recipe: Recipe, id: str = ASSIGNMENT) -> nn.Module:
    """Return a network on the CPU with uninitialised weights; this draws no random number."""
    with torch.device("meta"):
        network = author_network(id, recipe.dropout)
    return network.to_empty(device="cpu")


def _below(state: State, prefix: str) -> State:
    return {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}


def _numbers(losses: list[Tensor]) -> list[float]:
    numbers: list[float] = torch.stack(losses).flatten().tolist()
    return numbers
