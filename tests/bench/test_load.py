"""The figures of ``bench.load``: right, kept whole, and in the README as they were measured."""

import itertools
import json
import math
import random
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.load import __main__ as command
from bench.load import memory, report
from bench.load.drawings import drawing
from bench.load.edits import edited, links
from bench.load.figures import (
    COMMITTED,
    Both,
    DesignRung,
    Figures,
    FiguresError,
    Memory,
    NewDigits,
    OwnNetworks,
    OwnRung,
    PageFigures,
    Rung,
    Times,
    read,
)
from bench.load.own_networks import make
from bench.load.run import own_networks_of
from bench.load.trainers import is_over, step_of
from bench.load.visitor import Run, fault, is_result, is_title
from model.design.assess import assess
from model.design.records import Design
from model.design.runs.choices import choose
from model.design.runs.records import RunProgress
from model.design.text import from_link, to_link
from model.design.text import read as read_design
from model.graph.capture import capture
from model.images import digits
from model.training.background.records import Status
from viz.design.training.figures import say_status

PAGE = PageFigures(Times(12, 30.0, 60.0), 90.0, 3_600_000, 80_400)
MADE_UP = Figures(
    date="2020-02-29",
    machine={"system": "Linux", "processor": "Abacus", "cores": "2", "memory": "8 GB", "load": "0.1"},
    versions={"python": "3.11.2"},
    cold=Both(3.0, 1.0),
    warm=Both(0.6, 0.5),
    empty=PageFigures(Times(12, 10.0, 20.0), 60.0, 2_400_000, 1_200),
    pages={"overview": PAGE, "the_head": replace(PAGE, painted=120.0)},
    memory=Memory(Both(400.0, 100.0), Both(1.2, 0.2), Both(80.0, 20.0), Both(3.0, 1.0), 480),
    replicas=2,
    ladder=[
        Rung(5, Times(40, 20.0, 50.0), Times(40, 18.0, 45.0), Times(40, 10.0, 25.0), 0),
        Rung(40, Times(300, 40.0, 149.6), Times(300, 30.0, 90.0), Times(300, 10.0, 50.0), 0),
        Rung(80, Times(600, 90.0, 501.0), Times(600, 50.0, 200.0), Times(600, 20.0, 100.0), 3),
    ],
    own=OwnNetworks(
        [OwnRung(10, Times(90, 40.0, 80.0), 0), OwnRung(40, Times(350, 60.0, 301.0), 2)],
        {"overview": NewDigits(Times(24, 31.0, 42.0), Times(24, 53.0, 64.0))},
    ),
)
ONCE_MORE = "Measure again with 'make load ARGS=--write'."


@pytest.mark.parametrize("count", [2, 7, 20, 101])
def test_percentiles_are_those_of_another_library(count: int) -> None:
    chance = random.Random(count)  # noqa: S311 (nothing secret)
    seconds = [chance.expovariate(20) for _ in range(count)]
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    found = Times.of(seconds)
    assert found.runs == count
    assert found.p50 == pytest.approx(statistics.median(seconds) * 1000, abs=0.051)
    assert found.p95 == pytest.approx(hundredths[94] * 1000, abs=0.051)
    assert found.p95 != pytest.approx(sorted(seconds)[math.ceil(0.9 * count) - 1] * 1000, abs=0.051)


def test_percentiles_by_hand() -> None:
    """Of 0 to 20 ms in steps of 1 the 95th of 100 is 19, and from the largest of 1 and 3 it is a twentieth away."""
    assert Times.of([each / 1000 for each in range(21)]) == Times(21, 10.0, 19.0)
    assert Times.of([0.003, 0.001]) == Times(2, 2.0, 2.9)
    assert Times.of([0.007]) == Times(1, 7.0, 7.0)


def test_figures_are_read_as_they_were_kept() -> None:
    assert read(MADE_UP.as_json(), "a file") == MADE_UP
    assert read(replace(MADE_UP, own=None).as_json(), "a file") == replace(MADE_UP, own=None)
    assert read(without("own"), "a file of before").own is None


def without(name: str) -> str:
    kept = json.loads(MADE_UP.as_json())
    del kept[name]
    return json.dumps(kept)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a.json has no measurements: it is not a JSON object."),
        ("[1]", "a.json has no measurements: it is not a JSON object."),
        ("{}", "a.json has the form None; only form 2 can be read."),
        (json.dumps({**json.loads(MADE_UP.as_json()), "form": 0}), "a.json has the form 0; only form 2 can be read"),
        (without("ladder"), "a.json lacks measurements, or has unknown ones"),
        (without("date"), "a.json lacks measurements, or has unknown ones"),
        (json.dumps({**json.loads(MADE_UP.as_json()), "taste": 1}), "a.json lacks measurements, or has unknown ones"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(FiguresError) as refused:
        read(text, "a.json")
    assert str(refused.value).startswith(reason)
    assert str(refused.value).endswith(ONCE_MORE)


def test_without_committed_figures_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "COMMITTED", COMMITTED.with_name("never.json"))
    with pytest.raises(FiguresError, match=r"Nothing to compare with: git has no committed bench/load/never\.json"):
        command.committed()


def test_the_readme_says_what_was_measured_and_nothing_else() -> None:
    readme = report.DOCUMENT.read_text(encoding="utf-8")
    assert report.placed(readme, report.saved()) == readme
    assert report.placed(readme, report.tables(MADE_UP)) != readme


def test_what_the_readme_says_comes_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert report.saved(path) == report.NOT_YET
    path.write_text(MADE_UP.as_json(), encoding="utf-8")
    assert report.saved(path) == report.tables(MADE_UP)
    other = replace(MADE_UP, warm=Both(0.7, 0.5))
    path.write_text(other.as_json(), encoding="utf-8")
    assert report.saved(path) == report.tables(MADE_UP).replace("1.20 times (0.60 s)", "1.40 times (0.70 s)")


def test_tables_say_every_figure() -> None:
    text = report.tables(MADE_UP)
    assert text.startswith("Measured on 2020-02-29, 2 cores (Abacus), 8 GB, load average before 0.1; Python 3.11.2.")
    for line in (
        "| first content | 1.20 times (0.60 s) | 1.5 times |",
        "| first content, server just started | 2.0 s more (3.0 s) | 4 s more |",
        "| 40 people at once, 95 in 100 choices served, by one process | within 150 ms | 150 ms |",
        "| 80 people at once, 95 in 100 choices served, by one process | within 501 ms | 500 ms |",
        "| 80 people at once, 95 in 100 choices served, by 2 replicas | within 200 ms | 500 ms |",
        "| 40 people, new digits on networks of their own, 95 in 100 choices served | within 301 ms | 300 ms |",
        "| choices that failed | 5 | 0 |",
        "| 40 | 60 ms | 301 ms | 2 |",
        "| overview | 24 | 31 ms | 42 ms | 53 ms | 64 ms |",
        "| memory of a session | 1.00 MB more | 2 MB more |",
        "| memory after 480 more have come and gone | +3.0 MB | +9.6 MB |",
        "| empty page | 10 ms | 20 ms | 60 ms (1.00) | 2.40 MB | 1 kB |",
        "| the head | 30 ms | 60 ms | 120 ms (2.00) | 3.60 MB | 80 kB |",
        "| people | one process | 95 in 100 | 2 replicas | 95 in 100 | empty page | failed |",
        "| 80 | 90 ms | 501 ms | 50 ms | 200 ms | 100 ms | 3 |",
        "A replica takes 400 MB with every page warm, and 1.20 MB for each person. Of the numbers tried it carried "
        "40 people within 150 ms and 40 people within 500 ms, for 95 in 100 choices.",
    ):
        assert line in text.splitlines()


def test_what_misses_a_goal_is_told_from_what_reaches_it() -> None:
    missed = [name for name, _, _, reached in report.goals_of(MADE_UP) if not reached]
    assert missed == [
        "80 people at once, 95 in 100 choices served, by one process",
        "40 people, new digits on networks of their own, 95 in 100 choices served",
        "choices that failed",
    ]


def test_without_nginx_nothing_is_said_of_replicas() -> None:
    alone = replace(MADE_UP, ladder=[replace(rung, replicas=None) for rung in MADE_UP.ladder])
    assert read(alone.as_json(), "a file") == alone
    assert "by 2 replicas" not in report.tables(alone)
    assert "| 80 | 90 ms | 501 ms | - | - | 100 ms | 3 |" in report.tables(alone).splitlines()
    assert "80 people, replicas, p95" not in report.ratios(alone)
    assert report.ratios(MADE_UP)["80 people, replicas, p95"] == 2


def test_a_comparison_is_of_ratios() -> None:
    """A machine half as fast changes nothing; a page twice as slow beside the empty page does."""
    slower = replace(
        MADE_UP,
        warm=Both(1.2, 1.0),
        pages={"overview": replace(PAGE, painted=180.0), "new": PAGE},
    )
    lines = {line[:34].strip(): line[34:].split() for line in report.compared(MADE_UP, slower).splitlines()}
    assert lines["ratio to the empty page"] == ["2020-02-29", "now", "change"]
    assert lines["first content"] == ["1.20", "1.20", "+0%"]
    assert lines["overview, painted"] == ["1.50", "3.00", "+100%"]
    assert lines["new, painted"] == ["-", "1.50", "-"]
    assert lines["the_head, painted"] == ["2.00", "-", "-"]
    assert lines["40 people, p95"] == ["2.99", "2.99", "+0%"]


def test_tables_need_their_place() -> None:
    assert report.placed(f"a\n{report.BEGIN}\nold\n{report.END}\nb", "new") == (
        f"a\n{report.BEGIN}\n\nnew\n\n{report.END}\nb"
    )
    with pytest.raises(FiguresError, match=r"speed\.md has no place for the tables"):
        report.placed(f"a\n{report.END}\n{report.BEGIN}\nb", "new")


def test_memory_is_that_of_the_process_at_the_address() -> None:
    """A process that holds a gigabyte's twentieth more is found by its port, and to hold so much more."""
    sizes = []
    for port, size in ((64_001, 0), (64_002, 50_000_000)):
        code = f"held = b'x' * {size}; print('ready', flush=True); input()"
        with subprocess.Popen(  # noqa: S603 (our own)
            [sys.executable, "-c", code, f"--server.port={port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            process.stdout.readline()
            assert memory.process_at(f"http://127.0.0.1:{port}") == process.pid
            sizes.append(memory.resident(process.pid))
            process.stdin.close()
    assert sizes[1] - sizes[0] == pytest.approx(50, abs=5)
    with pytest.raises(FiguresError, match="Only Linux has /proc"):
        memory.process_at("http://127.0.0.1:64003")


def test_what_goes_wrong_on_a_page_counts_as_failed() -> None:
    alert, thrown = ForwardMsg(), ForwardMsg()
    alert.delta.new_element.alert.body = "The weights are missing."
    alert.delta.new_element.alert.format = Alert.ERROR
    thrown.delta.new_element.exception.message = "list index out of range"
    assert fault(alert) == "The weights are missing."
    assert fault(thrown) == "list index out of range"
    alert.delta.new_element.alert.format = Alert.WARNING
    assert fault(alert) == ""
    assert fault(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)) == ""
    assert fault(ForwardMsg(script_finished=ForwardMsg.FINISHED_WITH_COMPILE_ERROR)) == "FINISHED_WITH_COMPILE_ERROR"
    unknown = ForwardMsg()
    unknown.page_not_found.page_name = "nowhere"
    assert fault(unknown) == "there is no such page"


def test_a_page_that_shows_one_result_after_another_has_served_at_the_first() -> None:
    runs = [
        Run(0.5, 9, "", 0.1, "lie_detector"),
        Run(0.3, 9, "", 0.2, "overview"),
        Run(0.2, 9, "an error", 0.2, "overview"),
    ]
    found = own_networks_of([runs[:1], runs], (1, 3), ["overview", "lie_detector", "head"])
    assert found.rungs == [OwnRung(1, Times(1, 100.0, 100.0), 0), OwnRung(3, Times(3, 200.0, 290.0), 1)]
    assert found.pages == {
        "overview": NewDigits(Times(2, 200.0, 200.0), Times(2, 250.0, 295.0)),
        "lie_detector": NewDigits(Times(1, 100.0, 100.0), Times(1, 500.0, 500.0)),
    }


def test_a_result_is_a_figure_of_the_page_itself() -> None:
    def added(root: int = 0) -> ForwardMsg:
        message = ForwardMsg()
        message.metadata.delta_path[:] = [root, 3]
        return message

    title, chart, listener, map_, beside, ideas = added(), added(), added(), added(), added(1), added()
    ideas.delta.new_element.html.body = '<details class="to-try"></details>'
    title.delta.new_element.heading.tag = "h1"
    for message in (chart, beside):
        message.delta.new_element.html.body = "<figure></figure>"
    listener.delta.new_element.bidi_component.component_name = "app.follow_links"
    map_.delta.new_element.bidi_component.component_name = "app.value_map"
    every = [title, chart, listener, map_, beside, ideas]
    assert [is_title(each) for each in every] == [True, False, False, False, False, False]
    assert [is_result(each) for each in every] == [False, True, False, True, False, False]
    assert not is_result(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY))


def test_drawings_are_digits_that_no_page_has_shown() -> None:
    chance = random.Random(0)  # noqa: S311 (nothing secret)
    keys = [drawing(chance) for _ in range(200)]
    assert len({*keys}) == 200
    assert all(digits.find(key).key == key for key in keys[:20])
    assert len({digits.find(key).pixels.tobytes() for key in keys[:20]}) == 20
    assert drawing(random.Random(0)) == keys[0]  # noqa: S311 (as above)


def test_networks_of_a_class_are_of_different_make_and_the_same_each_time() -> None:
    made = [capture(make(number), (1, 28, 28)).document for number in (0, 1, 0)]
    assert made[0] == made[2]
    first, second = ([node["op"] for node in each["nodes"]] for each in made[:2])
    assert first != second
    assert made[0]["classes"] == list("0123456789")


def test_an_edit_changes_one_setting_of_a_network_by_one_step() -> None:
    begin = read_design("conv 8 3 padding=1\nrelu\nbn\nmax 2\nconv 10 3\ngap")
    made = [begin, *map(from_link, links(begin, random.Random(0), 40))]  # noqa: S311 (nothing secret)
    assert all(assess(each).works for each in made)
    assert [changes(*pair) for pair in itertools.pairwise(made)] == [1] * 40
    assert len({*map(to_link, made)}) > 30  # only few go back
    assert to_link(edited(begin, random.Random(0))) == to_link(made[1])  # noqa: S311 (as above)


def changes(before: Design, after: Design) -> int:
    """Count the settings that differ between two designs with the same kinds of layer."""
    pairs = [*zip(before.layers, after.layers, strict=True)]
    assert all(old.kind == new.kind for old, new in pairs)
    return sum(old.settings[name] != new.settings[name] for old, new in pairs for name in old.settings)


def test_a_trainer_reads_what_the_page_says_of_a_run() -> None:
    """The words of the page itself: figures.say_status."""
    choices = choose(read_design("conv 10 28"), seed=3)
    run = RunProgress(choices, 120, np.zeros(0), 1, (), 5_000)
    for status, step in (
        (Status("waiting", choices, before=2), 0),
        (Status("running", choices), 0),
        (Status("running", choices, run, seconds=12.0), 120),
    ):
        message = ForwardMsg()
        message.delta.new_element.progress.text = say_status(status, choices)[1]
        assert step_of([ForwardMsg(), message]) == step
        assert not is_over([message])
    done = ForwardMsg()
    done.delta.new_element.markdown.body = "Trained: 300 steps"
    assert is_over([ForwardMsg(), done])
    lost = ForwardMsg()
    lost.navigation.page_script_hash = "another page"
    with pytest.raises(RuntimeError, match="does not say that it is finished"):
        is_over([lost])


def test_the_table_of_designers() -> None:
    text = report.of_designing([DesignRung(40, Times(700, 51.6, 299.4), 1, 450, 45.0)])
    assert text.splitlines()[2] == "| 40 | 700 | 52 ms | 299 ms | 1 | 450 | 10.0 |"
