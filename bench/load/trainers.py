"""People without a browser who train designs in the lab, and watch their runs as its page does."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.load.visitor import fault
from model.design.runs.choices import SHORT
from tests.sessions import Visitor, visiting

_SEEDS = range(1, 21)  # that the page offers; four people need more than ten minutes for them
_STEP = re.compile(r"Step (\d+) of")
_TRAINED = "Trained: "


@contextmanager
def training(address: str, designs: Sequence[str]) -> Iterator[Callable[[], int]]:
    """Train designs during the block, and yield what counts the steps so far; by then the first one is done.

    A person for each design trains it for 300 steps, and then with the next seed. One run goes on at a time, and those
    of the others wait: with several people the server always trains.

    Args:
        address: The address of the server.
        designs: As links.

    Raises:
        RuntimeError: A run failed.
    """
    over = threading.Event()
    trainers = [_Trainer(design) for design in designs]

    def steps() -> int:
        return sum(each.steps for each in trainers)

    with ThreadPoolExecutor(len(designs)) as threads:
        working = [threads.submit(each.train, address, over) for each in trainers]
        try:
            while not steps() and not any(each.done() for each in working):
                time.sleep(0.1)
            yield steps
        finally:
            over.set()
    for each in working:
        each.result()


class _Trainer:
    """One person with a design; ``steps`` is how many it was trained so far, with all seeds."""

    def __init__(self, design: str) -> None:
        self._link = {"design": design, "design_view": "train"}
        self.steps = 0

    def train(self, address: str, over: threading.Event) -> None:
        """Press the button for one seed after another, and watch each run to its end."""
        with visiting(address) as visitor:
            for number, seed in enumerate(_SEEDS):
                link = {**self._link, "run_seed": f"{seed}"}
                heard = _heard(visitor, _request(link, pressed=_button(_heard(visitor, _request(link)))))
                interval, renewal = _renewal(heard, link)
                while not is_over(heard := _heard(visitor, renewal)):
                    if over.wait(interval):
                        return
                    self.steps = max(self.steps, SHORT * number + step_of(heard))
                self.steps = SHORT * (number + 1)


def _request(link: Mapping[str, str], *, pressed: str = "") -> BackMsg:
    """Return a browser's request for a run of the lab's page, for a link or because a button was pressed."""
    ask = BackMsg()
    ask.rerun_script.page_name = "design"
    ask.rerun_script.query_string = urlencode(link)
    if pressed:
        ask.rerun_script.widget_states.widgets.add(id=pressed, trigger_value=True)
    return ask


def _renewal(heard: Sequence[ForwardMsg], link: Mapping[str, str]) -> tuple[float, BackMsg]:
    """Return the seconds between two looks at the part of a page that shows a run, and a browser's request for it."""
    (again,) = (each.auto_rerun for each in heard if each.WhichOneof("type") == "auto_rerun")
    (page,) = (each.navigation.page_script_hash for each in heard if each.WhichOneof("type") == "navigation")
    ask = BackMsg()
    ask.rerun_script.page_script_hash = page
    ask.rerun_script.query_string = urlencode(link)
    ask.rerun_script.fragment_id = again.fragment_id
    ask.rerun_script.is_auto_rerun = True
    return again.interval, ask


def _heard(visitor: Visitor, request: BackMsg) -> list[ForwardMsg]:
    """Return what the server answers; where a part of the page asks for the whole page, with that."""
    visitor.say(request)
    heard = visitor.hear_until("script_finished")
    while heard[-1].script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
        heard += visitor.hear_until("script_finished")
    for message in heard:
        if message.WhichOneof("type") == "delta" and fault(message):
            raise RuntimeError(f"A training failed: {fault(message)}")
    return heard


def _button(heard: Sequence[ForwardMsg]) -> str:
    """Return the id of the button that starts a run."""
    return next(each.delta.new_element.button.id for each in heard if each.delta.new_element.button.label == "Train")


def step_of(heard: Sequence[ForwardMsg]) -> int:
    """Return the step that a run has reached, or 0 where the page says none: it waits, or is over."""
    found = (_STEP.match(each.delta.new_element.progress.text) for each in heard)
    return next((int(each[1]) for each in found if each), 0)


def is_over(heard: Sequence[ForwardMsg]) -> bool:
    """Tell whether a run is finished: then the whole page comes again, and says so.

    Raises:
        RuntimeError: The page comes again and says something else.
    """
    if any(each.delta.new_element.markdown.body.startswith(_TRAINED) for each in heard):
        return True
    if any(each.WhichOneof("type") == "navigation" for each in heard):
        raise RuntimeError("A training ended, and the page does not say that it is finished.")
    return False
