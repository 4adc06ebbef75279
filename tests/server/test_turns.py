"""Many people who ask for expensive work at the same moment, and somebody who only wants a page."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from itertools import islice

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from model.images import digits
from tests import held
from tests.serving import serving
from tests.sessions import Visitor, visiting
from viz.app.queued_cache import say_waiting
from viz.app.work_queue import AT_ONCE

LINE = 3  # people who wait while as many as can have their turn


@pytest.fixture
def gate(tmp_path_factory: pytest.TempPathFactory) -> held.Gate:
    return held.Gate(tmp_path_factory.mktemp("held"))


@pytest.fixture
def address(gate: held.Gate) -> Iterator[str]:
    with serving(environment={held.FOLDER: str(gate.folder)}, module="tests.held") as running:
        yield running


def hear_ahead(visitor: Visitor, fewer_than: int = LINE) -> int | None:
    """Wait until somebody is told that fewer people are ahead in the line, and return how many; None where it is over.

    What the run ends with is heard too, so who has a turn is told nothing before.
    """
    told = {say_waiting(ahead): ahead for ahead in range(fewer_than)}
    while True:
        message = visitor.hear()
        if message.WhichOneof("type") == "script_finished":
            assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            return None
        if message.delta.new_element.alert.body in told:
            return told[message.delta.new_element.alert.body]


def test_a_class_waits_in_line_and_nobody_else_waits_for_it(address: str, gate: held.Gate) -> None:
    keys = [sample.key for sample in digits.samples()[: AT_ONCE + LINE]]
    with ExitStack() as stack, ThreadPoolExecutor(len(keys)) as pool:
        people = {stack.enter_context(visiting(address)): key for key in keys}
        gate.close()
        stack.callback(gate.open)
        for person, key in people.items():
            person.ask("saliency", {"map_view": "all", "digit": key})
        hearing = {pool.submit(hear_ahead, person): person for person in people}
        line = {future.result(): hearing[future] for future in islice(as_completed(hearing), LINE)}
        assert line.keys() == {0, 1, 2}
        with visiting(address) as other:
            assert other.open("parameters", {})[-1].script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        line[0].leave()
        assert hear_ahead(line[2], fewer_than=2) == 1
        gate.open()
        assert hear_ahead(line[1], fewer_than=0) is None
        assert hear_ahead(line[2], fewer_than=0) is None
        for future, person in hearing.items():
            if person not in line.values():  # who had the first turn waits at the end of the line for the next one
                assert future.result() is None or hear_ahead(person, fewer_than=0) is None
