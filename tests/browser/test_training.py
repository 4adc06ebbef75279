"""The training page in a real browser: epochs are played without a word to the server, and kept in the link."""

import re

from playwright.sync_api import expect

from model.images.digits import find, to_input
from model.networks.assignment import weights
from model.training import snapshots
from tests.browser.conftest import Visit
from tests.browser.people import chosen, sample, sent_from_now_on
from tests.serving import settle

LINK = "training?train_view=epochs&digit=project-4or9"
EPOCHS = sorted(int(name[-2:]) for name in weights.read_card()["sha256"] if name != weights.FINAL)


def test_epochs_are_stepped_by_keyboard_and_kept_in_the_link(visit: Visit) -> None:
    page = visit(f"{LINK}&epoch=2&row=Conv2d-4")
    slider = page.get_by_role("slider", name="Epoch")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch 2 of"))
    first = page.locator(".picture img").first.get_attribute("src")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch 3 of"))
    assert page.locator(".picture img").first.get_attribute("src") != first
    page.wait_for_url(re.compile("epoch=3"))
    settle(page)
    assert "row=Conv2d-4" in page.url, "the arrow keys stepped the slider, not the network"
    slider.press("End")
    page.wait_for_url(re.compile(f"epoch={EPOCHS[-1]}(&|$)"))
    settle(page)
    page.go_back()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch 3 of"))
    page.go_back()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch 2 of"))


def test_playing_sends_nothing_until_it_is_paused(visit: Visit) -> None:
    page = visit(f"{LINK}&epoch=1")
    sent = sent_from_now_on(page)
    slider, asked = page.get_by_role("slider", name="Epoch"), len(sent)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch [3-9] of"))
    assert (len(sent), chosen(page, "epoch")) == (asked, "1")
    page.get_by_role("button", name="Pause").click()
    there = EPOCHS[int(slider.input_value())]
    page.wait_for_url(re.compile(f"epoch={there}(&|$)"))
    settle(page)
    assert EPOCHS[int(slider.input_value())] == there
    assert len(sent) == asked + 1


def test_at_its_end_playing_begins_anew(visit: Visit) -> None:
    page = visit(LINK)
    slider = page.get_by_role("slider", name="Epoch")
    expect(slider).to_have_value(str(len(EPOCHS) - 1))
    page.get_by_role("button", name="Play", exact=True).click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch 2 of"))
    page.get_by_role("button", name="Pause").click()
    settle(page)


def test_what_is_read_after_each_epoch_stands_beneath_the_slider_and_can_be_clicked(visit: Visit) -> None:
    page = visit(LINK)
    found = snapshots.follow(snapshots.snapshots(), to_input(find("project-4or9")), "Conv2d-1")
    strip = page.get_by_role("list", name="What is read after each epoch").get_by_role("listitem")
    expect(strip).to_have_text([str(read) for read in found.predictions])
    strip.nth(4).click()
    page.wait_for_url(re.compile(f"epoch={EPOCHS[4]}(&|$)"))
    settle(page)
    heights = page.locator(".bars li").evaluate_all("all => all.map(e => Number(e.style.getPropertyValue('--share')))")
    assert heights == [round(float(share), 4) for share in found.probabilities[4]]


def test_a_new_digit_keeps_the_epoch(visit: Visit) -> None:
    page = visit(f"{LINK}&epoch=2")
    slider = page.get_by_role("slider", name="Epoch")
    before = page.locator(".picture img").last.get_attribute("src")
    sample(page, "1a").click()
    expect(page.locator(".picture img").last).not_to_have_attribute("src", str(before))
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Epoch 2 of"))
    assert chosen(page, "epoch") == "2"


def test_nothing_plays_for_who_asked_for_less_motion(visit: Visit) -> None:
    page = visit(LINK, reduced_motion="reduce")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_hidden()
    slider = page.get_by_role("slider", name="Epoch")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"^Epoch {EPOCHS[0]} of"))
