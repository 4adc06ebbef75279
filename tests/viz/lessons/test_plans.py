"""The lessons that come along: every text can be filled, and its numbers are those of the network."""

import re
from functools import cache
from string import Formatter

import pytest

from model.images import digits
from model.networks.assignment import weights
from model.receptive_field.measured import measured_box
from model.trace import record
from tests.pages.conftest import FILES
from viz.lessons import cache as facts
from viz.lessons import plans
from viz.lessons.records import Lesson, Station

NETWORK = weights.load()
STATIONS = [(id, number) for id in plans.IDS for number in range(len(plans.lesson(id).stations))]
# Numbers that texts state themselves: wrong answers, and what the word beside them defines.
STATED = {
    *("0", "1", "2", "3", "4", "7", "9"),  # kernels, strides, classes and samples of digits
    *("255", "100", "10000"),  # levels of ink, passes, test images
    *("72", "160", "1152"),  # parameters counted wrongly: tested below
    *("32", "2018"),  # maps of a wrong printed shape: tested below; a year
}


@cache
def texts(id: str, number: int) -> tuple[str, ...]:
    station = plans.lesson(id).stations[number]
    return station.title, station.ask, station.point, *station.usual


@pytest.mark.parametrize("id", plans.IDS)
def test_a_lesson_is_as_long_as_it_says(id: str) -> None:
    lesson: Lesson = plans.lesson(id)
    promised = {"tour": 10, "whole": 45}
    assert lesson.minutes == promised.get(id, 15)
    assert all(each.page in FILES.values() for each in lesson.stations)
    assert all(each.link["net"] == "assignment" for each in lesson.stations)
    assert {each.hides for each in lesson.stations} <= {"", "answer", "field"}
    assert all(each.usual and each.ask.endswith("?") for each in lesson.stations)


def test_the_tour_has_six_views() -> None:
    assert len(plans.lesson("tour").stations) == 6


@pytest.mark.parametrize(("id", "number"), STATIONS)
def test_every_text_can_be_filled(id: str, number: int) -> None:
    station: Station = plans.lesson(id).stations[number]
    filled = facts.filled(station)
    for raw, text in zip(texts(id, number), (filled.title, filled.ask, filled.point, *filled.usual), strict=True):
        assert not re.search(r"[{}]", text)
        parts = [literal for literal, *_ in Formatter().parse(raw)]
        assert all(part in text for part in parts)


@pytest.mark.parametrize(("id", "number"), STATIONS)
def test_texts_take_their_numbers_from_the_network(id: str, number: int) -> None:
    for raw in texts(id, number):
        bare = re.sub(r"\{[^}]*\}|\w+-\d+|\b\d[a-d]\b", "", raw)
        assert {each.replace(",", "") for each in re.findall(r"\d+(?:,\d{3})*", bare)} <= STATED, raw


def test_the_numbers_are_those_of_pytorch() -> None:
    found = facts.of_digit("project-4or9")
    trace = record(NETWORK, digits.to_input(digits.find("project-4or9")))
    modules = dict(NETWORK.named_modules())

    def of(text: str) -> str:
        return text.format_map(found)

    for name in ("Conv2d-1", "Conv2d-4", "Conv2d-13", "BatchNorm2d-8"):
        assert of(f"{{count[{name}]}}").replace(",", "") == str(sum(p.numel() for p in modules[name].parameters()))
        assert of(f"{{shape[{name}]}}") == " × ".join(map(str, trace[name].output.shape))
    for name in ("Conv2d-7", "MaxPool2d-10", "Conv2d-16", "AvgPool2d-22"):
        middle = (trace[name].maps.shape[1] // 2, trace[name].maps.shape[2] // 2)
        assert of(f"{{field[{name}]}}") == str(measured_box(NETWORK, name, middle).height)
    assert of("{parameters} {printed[total]}") == "10,066 9,966"
    assert of("{printed[errors]}") == "9"
    assert of("{terms[Conv2d-4]} {terms[MaxPool2d-10]} {terms[AvgPool2d-22]}") == "72 4 49"
    assert of("{answer} {lead}") == f"{trace.prediction} {abs(float(trace.logits[9] - trace.logits[4])):.2f}"
    assert of("{methods}") == "13"


def test_the_wrong_counts_follow_from_the_mistakes_they_name() -> None:
    first, second = (dict(NETWORK.named_modules())[name] for name in ("Conv2d-1", "Conv2d-4"))
    assert first.weight.numel() == 72
    assert second.weight.numel() == 1152
    assert len(second.weight) * 3 * 3 + len(second.weight) == 160
    assert len(dict(NETWORK.named_modules())["Conv2d-19"].weight) == 32
