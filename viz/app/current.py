"""The network that this run is about: the address names it, and every cache keeps it apart from all others."""

import functools
import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from model import networks
from model.errors import InputError, NetworkError, WeightsError
from model.images import inputs
from model.images.inputs import reads_digits
from model.kept_files import is_hash
from model.networks import built_in
from model.networks.records import Network
from model.saliency.records import AttributionPlan
from viz.app import address

P = ParamSpec("P")
T = TypeVar("T")

_SMALL = 1_000_000  # values of a trace
DEFAULT = networks.BUILT_IN[0]
_CHOSEN = "the id of the network of this run"
_MISSING = "the id in the address of a network that is not here any more"
_looked_at: ContextVar[str] = ContextVar("the id of another network that a block of this run is about", default="")
_started_with: list[str] = []
# How arguments are hashed: the text of a plan contains all of it, and is faster than Streamlit's own hash.
_HASHES: dict[str | type[Any], Callable[[Any], Any]] = {AttributionPlan: repr}


def choose() -> None:
    """Take the network that the address names; if it is not here or takes no pictures, say so and take the default."""
    if _started_with and _CHOSEN not in st.session_state and not st.query_params:
        address.write(**{address.NET: _started_with[-1]})
    id = address.read(address.NET, DEFAULT)
    st.session_state[_MISSING] = ""
    try:
        inputs.check_channels(networks.by_id(id).input)
    except WeightsError:  # each page that needs the weights says what is wrong with them
        id = DEFAULT
    except (InputError, NetworkError) as error:
        address.notice(f"{error} Showing the assignment's network instead.")
        st.session_state[_MISSING] = id if is_hash(id) else ""
        id = DEFAULT
    st.session_state[_CHOSEN] = id


def start_with(id: str) -> None:
    """Let a session that begins without any choice in its address begin with a network.

    An address with choices and without ``net=`` means the assignment's network still: links of before open what they
    opened.
    """
    _started_with[:] = [id]


def missing() -> str:
    """Return the id of the opened network that the address names and that is not here any more; else nothing."""
    return str(st.session_state.get(_MISSING, ""))


def network_id() -> str:
    """Return the id of the network of this run, or of the one that the block around is about."""
    return _looked_at.get() or str(st.session_state.get(_CHOSEN, DEFAULT))


@contextmanager
def looking_at(id: str) -> Iterator[None]:
    """Let everything inside a block be about another network: ``network()``, and what the caches return.

    It holds for this thread alone, so no other run sees it, and for this block alone, however it ends.

    Raises:
        NetworkError: There is no network of that id.
    """
    networks.by_id(id)
    token = _looked_at.set(id)
    try:
        yield
    finally:
        _looked_at.reset(token)


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


def is_small(network: Network) -> bool:
    """Tell whether a trace of a network takes little memory, so that many are kept."""
    return sum(math.prod(node.shape) for node in network.graph.nodes) <= _SMALL


def cached(compute: Callable[P, T], max_entries: int, of_large: int = 0) -> Callable[P, T]:
    """Cache what a function returns for each network apart; inside, ``network()`` is the same as outside.

    Every cache of what a network gives is made here or by ``queued``, so that none answers for another network.

    Args:
        compute: Arguments that begin with an underscore tell its calls not apart.
        max_entries: How many results are kept, of all networks together.
        of_large: How many are kept of large networks, where these take much memory; otherwise there is no difference.
    """
    every = _keeping(compute, max_entries)
    those_of_large = _keeping(compute, of_large, " of large networks") if of_large else every

    @functools.wraps(compute)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if of_large and not is_small(structure()):
            return those_of_large(network_id(), *args, **kwargs)
        return every(network_id(), *args, **kwargs)

    return call


def _keeping(compute: Callable[P, T], max_entries: int, kind: str = "") -> Callable[Concatenate[str, P], T]:
    """Return what Streamlit caches; those of one function are told apart by their kinds."""

    @functools.wraps(compute)
    def of_network(_network: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return compute(*args, **kwargs)

    of_network.__qualname__ += kind  # by which Streamlit knows the cache
    # Without a signature, Streamlit computes it again for every argument of every call.
    of_network.__signature__ = _with_network(compute)  # type: ignore[attr-defined]
    kept = st.cache_resource(max_entries=max_entries, show_spinner=False, hash_funcs=_HASHES)
    return kept(of_network)


def _with_network(compute: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(compute)
    first = inspect.Parameter("network", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return signature.replace(parameters=[first, *signature.parameters.values()])


def of_network(max_entries: int, of_large: int = 0) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache what a function returns, for each network apart: see ``cached``."""
    return lambda compute: cached(compute, max_entries, of_large)
