"""A network as it learns: everything that changes from step to step, and so everything that a checkpoint keeps."""

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from model.networks.assignment.network import AssignmentNetwork
from model.sanity_checks.randomization import forget
from model.training.augmentation import STILL, distort, draw_bends, draw_matrices
from model.training.averaging import Average, measure_statistics
from model.training.images import Images
from model.training.masks import WAYS, Part, PartDropout
from model.training.recipe import Recipe
from model.training.schedule import learning_rate
from model.training.workers import SharedBatchNorm, Workers

State = dict[str, Tensor]


class Learner:
    """A network, its optimiser, its average, and the generators that everything random comes from.

    Nothing global is read or changed: on a CPU one generator with the run's seed gives the first weights, then for
    each epoch the order of the images, and for each batch its distortions and the dropout masks of each row. On
    another device the last two come from a second generator there.

    Args:
        recipe: How to train.
        seed: Decides all that is random.
        device: Where the images lie.
        workers: Who shares the work.
    """

    def __init__(self, recipe: Recipe, seed: int, device: torch.device, workers: Workers = Workers()) -> None:  # noqa: B008 (frozen)
        self.recipe, self.workers, self.part = recipe, workers, Part()
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
        self.average = Average(self.network, recipe.averaging) if recipe.averaging else None

    def _built(self) -> nn.Module:
        """Build the network with first weights as PyTorch draws them, and this run's own dropout and batch norm."""
        network: nn.Module = blank(self.recipe)
        for name, module in [*network.named_modules()]:
            forget(module, self.generators[0])
            if isinstance(module, nn.Dropout):
                own = PartDropout(module.p, WAYS[self.recipe.masks], self.generators[-1], self.part)
                network.set_submodule(name, own)
            elif isinstance(module, nn.BatchNorm2d) and self.workers.count > 1:
                network.set_submodule(name, SharedBatchNorm.take_over(module, self.workers))
        return self._laid_out(network)

    def _laid_out(self, network: nn.Module) -> nn.Module:
        return network.to(memory_format=torch.channels_last if self.recipe.channels_last else torch.contiguous_format)

    def learn_epoch(self, number: int, images: Images) -> float:
        """See every image once and return the mean loss over the batches as they were trained.

        Raises:
            WorkerError: Another worker has ended.
        """
        order = torch.randperm(len(images), generator=self.generators[0]).to(images.y.device)
        batches = order.split(self.recipe.batch_size)
        title = f"epoch {number:2}/{self.recipe.epochs}"
        losses: list[Tensor] = []
        self.network.train()
        bar = tqdm(batches, title, leave=True, disable=self.workers.number > 0)
        for step, batch in enumerate(bar, start=(number - 1) * len(batches)):
            losses.append(self.learn(images, batch, step, self.recipe.epochs * len(batches)))
            if len(losses) % 50 == 0:
                bar.set_postfix(loss=f"{np.mean(_numbers(losses[-50:])):.4f}")
        return float(np.mean(_numbers([self.workers.add_up(torch.stack(losses))])))

    def learn(self, images: Images, batch: Tensor, step: int, steps: int) -> Tensor:
        """Take one step, counted from 0, on the images at these positions; return (this worker's part of) the loss."""
        self.part.total, self.part.rows = len(batch), self.workers.share(len(batch))
        mine = images.at(batch[self.part.rows])
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, step, steps)
        self.optimiser.zero_grad()
        plain = step * self.recipe.epochs >= steps * (self.recipe.epochs - self.recipe.plain_epochs)
        loss = self._loss(self.network(mine.x if plain else self._distorted(mine.x)), mine.y)
        loss.backward()
        self.workers.add_gradients(self.network)
        self.optimiser.step()
        if self.average:
            self.average.follow(self.network, step)
        return loss.detach()

    def _distorted(self, x: Tensor) -> Tensor:
        affine, bend, count = self.recipe.affine, self.recipe.bend, self.part.total
        if affine is None and not bend:
            return x
        matrices = draw_matrices(affine or STILL, count, self.generators[-1])[self.part.rows]
        bends = draw_bends(bend, count, self.generators[-1])[self.part.rows] if bend else None
        return distort(x, matrices, bends)

    def _loss(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the mean over the batch, or this worker's summand of it."""
        smoothing = self.recipe.label_smoothing
        if self.workers.count == 1:
            return nn.functional.cross_entropy(logits, y, label_smoothing=smoothing)
        total = nn.functional.cross_entropy(logits, y, label_smoothing=smoothing, reduction="sum")
        return total / self.part.total

    def learned(self, images: Images) -> nn.Module:
        """Return the network to judge by: the average with statistics of its own, or else the network as it is.

        Args:
            images: What it learns from, to measure the statistics by.
        """
        network = self._laid_out(blank(self.recipe).to(images.x.device))
        network.load_state_dict(self.network.state_dict())
        if self.average:
            network.load_state_dict(self.average.weights, strict=False)
            measure_statistics(network, images)
        return network.eval()

    def state(self) -> State:
        """Return copies of all that a step changes, by name, on the CPU."""
        found = {f"network/{key}": tensor for key, tensor in self.network.state_dict().items()}
        if self.recipe.momentum:
            for name, weight in self.network.named_parameters():
                found[f"momentum/{name}"] = self.optimiser.state[weight]["momentum_buffer"]
        if self.average:
            found |= {f"average/{name}": tensor for name, tensor in self.average.weights.items()}
        found |= {f"generator/{number}": each.get_state() for number, each in enumerate(self.generators)}
        return {key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in found.items()}

    def restore(self, state: State) -> None:
        """Go on from where ``state`` was taken, to the bit.

        Raises:
            KeyError, RuntimeError: It is not the state of such a learner.
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


def blank(recipe: Recipe) -> AssignmentNetwork:
    """Return a network on the CPU whose weights are whatever lay in memory, without a draw from anywhere."""
    with torch.device("meta"):
        network = AssignmentNetwork(recipe.dropout)
    return network.to_empty(device="cpu")


def _below(state: State, prefix: str) -> State:
    return {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}


def _numbers(losses: list[Tensor]) -> list[float]:
    numbers: list[float] = torch.stack(losses).flatten().tolist()
    return numbers
