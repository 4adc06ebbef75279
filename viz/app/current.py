"""The network that this run is about: the address names it, and every cache keeps it apart from all others."""

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from model import networks
from model.errors import NetworkError, WeightsError
from model.images.inputs import reads_digits
from model.networks import built_in
from model.networks.records import Network
from model.saliency.records import AttributionPlan
from viz.app import address

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT = networks.BUILT_IN[0]
_CHOSEN = "the id of the network of this run"
# How arguments are hashed: the text of a plan contains all of it, and is faster than Streamlit's own hash.
_HASHES: dict[str | type[Any], Callable[[Any], Any]] = {AttributionPlan: repr}


def choose() -> None:
    """Take the network that the address names; where it is not here, say so and take the default."""
    id = address.read(address.NET, DEFAULT)
    try:
        networks.by_id(id)
    except WeightsError:  # each page that needs the weights says what is wrong with them
        id = DEFAULT
    except NetworkError as error:
        address.notice(f"{error} Showing the assignment's network instead.")
        id = DEFAULT
    st.session_state[_CHOSEN] = id


def network_id() -> str:
    """Return the id of the network of this run."""
    return str(st.session_state.get(_CHOSEN, DEFAULT))


def network() -> Network:
    """Return the network of this run. All people share it, and nothing may change it.

    Raises:
        WeightsError: Its weights are missing or damaged.
    """
    return networks.by_id(network_id())


def structure() -> Network:
    """Return the network of this run, with random weights where its own are missing: for what needs none."""
    with suppress(WeightsError):
        return network()
    return _without_weights()


@st.cache_resource(max_entries=1, show_spinner=False)
def _without_weights() -> Network:
    return built_in.assignment_without_weights()


def is_assignment() -> bool:
    """Tell whether the network of this run is the assignment's."""
    return network_id() == DEFAULT


def takes_digits() -> bool:
    """Tell whether the network of this run reads digits: the pad, MNIST and strangers' digits are for it."""
    if is_assignment():
        return True
    shown = network()
    return reads_digits(shown.input, shown.classes)


def picture_word() -> str:
    """Return what pages call what goes into the network of this run: ``digit``, or ``picture``."""
    return "digit" if takes_digits() else "picture"


def cached(compute: Callable[P, T], max_entries: int) -> Callable[P, T]:
    """Cache what a function returns for each network apart; inside, ``network()`` is the same as outside.

    Every cache of what a network gives is made here or by ``queued``, so that none answers for another network.

    Args:
        compute: Arguments that begin with an underscore tell its calls not apart.
        max_entries: How many results are kept, of all networks together.
    """

    @functools.wraps(compute)
    def of_network(_network: str, *args: P.args, **kwargs: P.kwargs) -> T:
        return compute(*args, **kwargs)

    # Without a signature, Streamlit computes it again for every argument of every call.
    of_network.__signature__ = _with_network(compute)  # type: ignore[attr-defined]
    kept = st.cache_resource(max_entries=max_entries, show_spinner=False, hash_funcs=_HASHES)(of_network)

    @functools.wraps(compute)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return kept(network_id(), *args, **kwargs)

    call.clear = kept.clear  # type: ignore[attr-defined]
    return call


def _with_network(compute: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(compute)
    first = inspect.Parameter("network", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return signature.replace(parameters=[first, *signature.parameters.values()])


def of_network(max_entries: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache what a function returns, for each network apart: see ``cached``."""
    return lambda compute: cached(compute, max_entries)
