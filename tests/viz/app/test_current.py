"""A block that is about another network: it alone, in its thread alone, however it ends."""

import threading
from collections.abc import Iterator

import pytest

from model.errors import NetworkError
from model.networks import store
from tests.own_networks import residual
from viz.app import current


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(tmp_path_factory.mktemp("networks")))
        yield store.keep_bytes(residual())


def test_a_block_is_about_another_network_and_what_follows_is_not(kept: str) -> None:
    assert current.network_id() == "assignment"
    with current.looking_at(kept):
        assert current.network().id == kept
        with current.looking_at("assignment"):
            assert current.network().id == "assignment"
        assert current.network().id == kept
    assert current.network_id() == "assignment"


def test_a_block_that_fails_leaves_nothing_behind(kept: str) -> None:
    with pytest.raises(RuntimeError), current.looking_at(kept):
        raise RuntimeError
    assert current.network_id() == "assignment"


def test_another_thread_does_not_see_it(kept: str) -> None:
    seen = []
    with current.looking_at(kept):
        thread = threading.Thread(target=lambda: seen.append(current.network_id()))
        thread.start()
        thread.join()
    assert seen == ["assignment"]


def test_caches_keep_both_networks_apart(kept: str) -> None:
    @current.of_network(max_entries=4)
    def parameters() -> int:
        return current.network().graph.used

    assert parameters() == 10_066
    with current.looking_at(kept):
        assert parameters() == 386
    assert parameters() == 10_066


def test_of_large_networks_fewer_results_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = list[int]()

    @current.of_network(max_entries=3, of_large=1)
    def doubled(number: int) -> int:
        computed.append(number)
        return 2 * number

    for number in (1, 2, 1):
        assert doubled(number) == 2 * number
    monkeypatch.setattr(current, "is_small", lambda _network: False)
    for number in (1, 2, 1):
        assert doubled(number) == 2 * number
    assert computed == [1, 2, 1, 2, 1]


def test_no_block_is_about_a_network_that_is_not_there() -> None:
    with pytest.raises(NetworkError, match="is not here any more"), current.looking_at("0" * 32):
        pass
    assert current.network_id() == "assignment"
