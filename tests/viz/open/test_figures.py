"""Cards of networks, and what was understood of one, with names as strangers choose them."""

from dataclasses import replace

from model.networks import by_id
from model.networks.file import read
from model.networks.records import ImageSpec
from model.networks.summary.table import of_network
from tests.own_networks import colours, residual
from viz.open import figures

NASTY = "<img src=x onerror=alert(1)>&"


def test_a_card_says_what_a_network_is() -> None:
    drawn = figures.cards([by_id("assignment"), read(residual())], "assignment", lambda id: f"open?net={id}&digit=a")
    assert "10,066" in drawn
    assert "99.53\xa0% (seed 7, median of 10, mean 99.54\xa0%)" in drawn
    assert "7 convolutions, 7 normalisations, 7 dropouts, 1 max pool, 1 average pool" in drawn
    assert "4 convolutions, 1 max pool, 1 average pool, 1 sum of branches" in drawn
    assert drawn.count("aria-current") == 1
    assert 'href="open?net=assignment&amp;digit=a"' in drawn
    assert drawn.count("Test accuracy") == 1


def test_what_a_card_teaches_is_shown_as_text() -> None:
    network = replace(
        read(residual()), title=NASTY, card={"teaches": NASTY, "test_accuracy": 0.5, "test_images": 2_000}
    )
    drawn = figures.cards([network], "", lambda _id: NASTY)
    assert "<img" not in drawn
    assert drawn.count("&lt;img src=x onerror=alert(1)&gt;&amp;") == 3
    assert "50.00\xa0% of 2,000 (one run)" in drawn


def test_the_table_links_each_step_and_escapes_paths() -> None:
    found = of_network(read(residual()))
    rows = tuple(replace(row, path=NASTY) for row in found.rows)
    drawn = figures.table(replace(found, rows=rows), lambda name: f"layer_by_layer?row={name}")
    assert "<img" not in drawn
    assert 'href="layer_by_layer?row=Conv2d-2"' in drawn
    assert drawn.count("<tr") == len(found.rows) + 2
    assert drawn.count('class="ghost"') == sum(not row.is_numbered for row in found.rows)
    assert ">386<" in drawn


def test_a_step_after_the_logits_has_no_link() -> None:
    found = of_network(read(residual()))
    last = replace(found.rows[-1], is_hidden=True)
    drawn = figures.table(replace(found, rows=(*found.rows[:-1], last)), lambda name: f"?row={name}")
    assert f"?row={last.name}" not in drawn
    assert last.name in drawn
    drawn = figures.table(replace(found, rows=(replace(last, op="log_softmax"),)), lambda name: f"?row={name}")
    assert '<a href="?row=log-softmax" target="_self">log-softmax</a>' in drawn


def test_findings_name_what_never_runs_and_what_a_reader_should_know() -> None:
    network = read(residual())
    drawn = figures.findings(network, of_network(network))
    assert "The same outputs as your code: the largest difference is 0." in drawn
    assert "386 are used of 398 that your module has. Never called: never (12)." in drawn
    assert "Every unit of every step can be worked out." in drawn
    assert "A ReLU acts on the class scores" in drawn


def test_findings_say_how_pictures_are_normalised() -> None:
    plain = replace(read(colours()), input=ImageSpec(3, 32, 32, (0.0,) * 3, (1.0,) * 3))
    assert "They go in as values from 0 to 1, without a normalisation." in figures.findings(plain, of_network(plain))
    known = replace(plain, input=ImageSpec(3, 32, 32, (0.49, 0.48, 0.45), (0.25,) * 3))
    assert "x = (value − (0.49, 0.48, 0.45)) / 0.25," in figures.findings(known, of_network(known))


def test_findings_of_other_networks() -> None:
    network = replace(read(colours()), difference=3e-7, warnings=(NASTY,))
    found = of_network(network)
    drawn = figures.findings(network, found)
    assert "they differ by at most 3e-07 of the largest" in drawn
    assert "All 491 are used." in drawn
    assert "<img" not in drawn
    unknown = replace(found.rows[0], is_worked_out=False)
    assert figures.say_worked_out(replace(found, rows=(unknown,))).endswith("not worked out: Conv2d-1 (conv2d).")
    many = replace(found, owned=500, unused=tuple((f"layer{n}", 0) for n in range(10)))
    assert figures.say_parameters(many).endswith("layer6, layer7 and 2 more.")


def test_csv_has_plain_numbers() -> None:
    lines = figures.as_csv(of_network(read(residual()))).splitlines()
    assert lines[0] == "step,path,shape,parameters,receptive field,jump,multiply-accumulates"
    assert lines[1] == "Conv2d-1,stem,4 × 26 × 26,40,3,1,24336"
