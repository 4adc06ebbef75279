"""Feature maps: all maps of one step on the current digit, and one map in full."""

from functools import partial

import numpy as np
import streamlit as st

from model.trace.records import LayerKind
from viz.app import current, glossary, projector, shared, sidebar, tables, widgets
from viz.app.components import value_map
from viz.feature_maps import cache, controls, figures
from viz.pictures import readable

digit = sidebar.current_digit()
trace, word = shared.record(digit), current.picture_word()

st.title("Feature maps")
st.write(
    f"One step of the network on your {word}. Click a map to see it in full, and point at a unit to read its value."
)
glossary.show("feature map", "kernel", "channel", "unit", "ReLU")
widgets.to_try(
    "Go through a block with the arrow keys. Which values does the ReLU set to zero?",
    f"Find a map that responds to one direction of edges, and check it on the other {word}s.",
    "Switch to one scale for each map. Faint maps become visible, but maps can no longer be compared.",
    f"Choose a map, and then change the {word} in the sidebar.",
)
with projector.controls():  # in one line on a projector; elsewhere each stands above its figure
    first, *beside = st.columns([8, 7, 3]) if projector.is_on() else [st.container()]
with first:
    step = widgets.step(trace)
with projector.stage(), st.container(key="maps"):
    left, right = st.columns([11, 10] if projector.is_on() else [3, 2], gap="large")
    place_of_scale, place_of_map = beside or (left, right)
with place_of_scale:
    one_scale = widgets.shared_scale()
with place_of_map:
    channel = widgets.channel(len(step.maps))
with left:
    all_maps = {str(c): each for c, each in enumerate(step.maps)}
    widgets.figure(
        lambda: controls.grid(trace, step, channel, shared=one_scale),
        figures.say_tiled(step, one_scale),
        tables.maps_file("Download all maps as CSV", all_maps, f"{step.name}-{digit.key[:20]}"),
    )
with right:
    one = step.maps[channel]
    large = readable.large(one, like=step.maps if one_scale else None)
    widgets.figure(
        lambda: value_map(large, f"Map {channel} of {step.name}.", "one"),
        figures.say_map(trace, step, channel),
        tables.map_file(one, f"{step.name}-map-{channel}-{digit.key[:20]}"),
    )

left, right = st.columns(2, gap="large")
with left:
    st.header(f"Map {channel} through its block")
    block = next(block for block in trace.blocks if step in block)
    if block[0].kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}:
        input_map, words = readable.large(block[0].input[channel]), figures.say_input(block[0], channel)
        name = f"into-{block[0].name}-map-{channel}-{digit.key[:20]}"
        numbers = tables.map_file(block[0].input[channel], name, "Download the input map as CSV")
        widgets.figure(lambda: value_map(input_map, words, "entering"), words, numbers)
    if len(block) > 1:
        through = {each.name: each.maps[channel] for each in block}
        drawn = figures.tiled(np.stack([*through.values()]), [*through], shared=one_scale)
        numbers = tables.maps_file("Download these steps as CSV", through, f"{block[0].name}-block-map-{channel}")
        widgets.figure(drawn, figures.say_block(block, channel), numbers)

with right:
    st.header("Parameters of its block")
    for each in (each for each in block if each.parameters):
        words = figures.say_parameters(each, channel)
        if each.kind == LayerKind.CONVOLUTION:
            weights, title = each.parameters["weight"][channel], f"The kernel of map {channel} of {each.name}."
            kernel = partial(value_map, readable.kernels(weights), title, "kernels", "from map")
            widgets.figure(kernel, words, tables.kernel_file(weights, f"{each.name}-kernel-{channel}"))
        else:
            st.write(words)
    if not any(each.parameters for each in block):
        st.write("This block has no parameters.")

st.header(f"The same map for other {word}s")
drawn, others = cache.map_of_each_class(step.name, channel, one_scale)
numbers = tables.maps_file("Download these maps as CSV", others, f"{step.name}-map-{channel}-of-each-class")
widgets.figure(drawn, figures.say_others(step, channel, others), numbers)
