"""The network after each epoch of its training, read when it is asked for."""

import functools
from collections.abc import Iterator, Mapping

from safetensors.torch import load as parse
from torch import nn

from model.graph.module import NetworkModule
from model.networks.assignment import weights
from model.networks.built_in import card_folder
from model.networks.catalogue import BUILT_IN
from model.networks.records import Network

_PREFIX = weights.epoch_name(0).rstrip("0")
_KEPT = 100  # modules; the largest has 180 kB


class Snapshots(Mapping[int, nn.Module]):
    """The network after each epoch, by the number of the epoch; each is read at its first use, and shared.

    Args:
        network: One that comes along.
    """

    def __init__(self, network: Network) -> None:
        names = [name.removeprefix(_PREFIX) for name in network.card["sha256"] if name.startswith(_PREFIX)]
        self._network, self._numbers = network, sorted(int(name) for name in names if name.isdecimal())

    def __getitem__(self, epoch: int) -> nn.Module:
        """Return a module with the network's own graph, in evaluation mode.

        Raises:
            KeyError: There is no snapshot of this epoch.
            WeightsError: Its file is missing or changed.
        """
        if epoch not in self._numbers:
            raise KeyError(epoch)
        return _module(self._network, epoch)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def of_network(network: Network) -> Mapping[int, nn.Module]:
    """Return the network after each epoch; empty where no snapshots were kept."""
    return Snapshots(network) if network.id in BUILT_IN else {}


@functools.lru_cache(maxsize=_KEPT)
def _module(network: Network, epoch: int) -> nn.Module:
    tensors = parse(weights.read_bytes(card_folder(network.id), weights.epoch_name(epoch)))
    return NetworkModule(network.graph, tensors).eval()
