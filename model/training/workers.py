"""Several processes in one run: each computes its share of every batch, with the same result as one process."""

import datetime
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd.function import once_differentiable

from model.errors import WorkerError

_PATIENCE = datetime.timedelta(days=2)  # the longest wait for another process; its end is noticed at once


@dataclass(frozen=True)
class Workers:
    """The number of this process, and how many there are; without ``torchrun``, one."""

    number: int = 0
    count: int = 1

    def share(self, total: int) -> slice:
        """Return this process's share of ``total`` images; the shares differ by at most one.

        >>> [Workers(number, 3).share(64) for number in range(3)]
        [slice(0, 21, None), slice(21, 42, None), slice(42, 64, None)]
        """
        return slice(total * self.number // self.count, total * (self.number + 1) // self.count)

    def add_up(self, tensor: Tensor) -> Tensor:
        """Replace a tensor by its sum over all processes, and return it.

        Raises:
            WorkerError: Another process ended.
        """
        if self.count > 1:
            with ended_as_error():
                distributed.all_reduce(tensor)
        return tensor

    def gather(self, thing: Any) -> list[Any]:
        """Return the things of all processes, in order, in each process.

        Raises:
            WorkerError: Another process ended.
        """
        if self.count == 1:
            return [thing]
        found: list[Any] = [None] * self.count
        with ended_as_error():
            distributed.all_gather_object(found, thing)
        return found

    def add_gradients(self, network: nn.Module) -> None:
        """Replace every gradient by its sum over all processes, in one message."""
        if self.count == 1:
            return
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        total = self.add_up(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(gradients, total.split([each.numel() for each in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))


@contextmanager
def ended_as_error() -> Iterator[None]:
    """Turn the backend's error about an ended process into a ``WorkerError``."""
    try:
        yield
    except RuntimeError as error:
        raise _ended() from error


@contextmanager
def joined(device: str) -> Iterator[Workers]:
    """Join the processes that ``torchrun`` started, if any; they part when all are done."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Workers()
        return
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=_PATIENCE)
    earlier = signal.signal(signal.SIGTERM, _end)  # torchrun sends this to all others when one ends
    workers = Workers(distributed.get_rank(), count)
    try:
        yield workers
        # Who parts early breaks the connections of those that still work. One that was interrupted has left already.
        with suppress(WorkerError):
            workers.gather(None)
    finally:
        signal.signal(signal.SIGTERM, earlier)
        distributed.destroy_process_group()


def leave() -> None:
    """End one of several processes at once, with exit code 0, when its work is done.

    The threads of PyTorch's group can abort a process while the interpreter shuts down (exit code -6, on a busy
    machine), and ``torchrun`` would call the whole run failed. One process ends as usual.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _end(*_: object) -> None:
    raise _ended()


def _ended() -> WorkerError:
    return WorkerError(
        "Another process of this run ended, or all were stopped.",
        "A run needs all of its processes.",
        "If there is a checkpoint, run the same command with --resume.",
    )


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm with the mean and variance of the whole batch, over all processes, in training mode.

    PyTorch's ``SyncBatchNorm`` does the same, but only on a GPU.
    """

    workers: Workers

    @classmethod
    def from_batch_norm(cls, norm: nn.BatchNorm2d, workers: Workers) -> "SharedBatchNorm":
        """Return one that shares the parameters and statistics of a batch norm."""
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.weight, shared.bias = norm.weight, norm.bias
        shared.running_mean, shared.running_var = norm.running_mean, norm.running_var
        shared.num_batches_tracked = norm.num_batches_tracked
        shared.workers = workers
        return shared.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``weight * (x - mean) / sqrt(variance + eps) + bias`` for this process's images (N, C, H, W)."""
        if not self.training:
            return super().forward(x)
        y, mean, variance, count = _Normalise.apply(x, self.weight, self.bias, self.eps, self.workers)
        self._follow(mean, variance * (count / (count - 1)))
        return y  # type: ignore[no-any-return]

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None  # noqa: S101 (always built with statistics)
        assert self.running_var is not None  # noqa: S101
        assert self.num_batches_tracked is not None  # noqa: S101
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum or 0.0)
        self.running_var.lerp_(variance, self.momentum or 0.0)


class _Normalise(torch.autograd.Function):
    """Normalise with sums over all processes, in the forward and the backward pass.

    With ``z = (x - mean) / s``, ``s = sqrt(variance + eps)`` and n values a channel, the gradient of ``y = w z + b``
    is ``dx = w / s * (dy - sum(dy) / n - z * sum(dy * z) / n)``, where the sums run over all processes. The gradients
    of w and b are this process's part; they are summed with all other gradients.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, workers: Workers) -> Any:
        values = x.new_full((1,), x.numel() / x.shape[1])
        *sums, count = workers.add_up(torch.cat([x.sum((0, 2, 3)), values])).split(1)
        mean = torch.cat(sums) / count
        centred = x - _by_channel(mean)
        variance = workers.add_up(centred.square().sum((0, 2, 3))) / count
        scale = torch.rsqrt(variance + eps)
        z = centred * _by_channel(scale)
        ctx.save_for_backward(z, weight * scale)
        ctx.workers, ctx.count = workers, count
        ctx.mark_non_differentiable(mean, variance, count)
        return z * _by_channel(weight) + _by_channel(bias), mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Any) -> Any:
        z, slope = ctx.saved_tensors
        bias, weight = dy.sum((0, 2, 3)), (dy * z).sum((0, 2, 3))
        both = ctx.workers.add_up(torch.stack([bias, weight])) / ctx.count
        dx = _by_channel(slope) * (dy - _by_channel(both[0]) - z * _by_channel(both[1]))
        return dx, weight, bias, None, None


def _by_channel(values: Tensor) -> Tensor:
    return values[None, :, None, None]
