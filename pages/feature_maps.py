"""Every step's feature maps on the current digit, and one map in full."""

from functools import partial

import numpy as np
import streamlit as st

from model.trace.records import LayerKind
from viz.app import address, shared, sidebar, tables, widgets
from viz.app.components import map_grid, value_map
from viz.feature_maps import cache, figures
from viz.pictures import readable

digit = sidebar.current_digit()
trace = shared.record(digit)

st.title("Feature maps")
st.write("One step of the network on your digit. Click a map to see it in full, and point at a value to read it.")
step = widgets.step(trace)
count = len(step.maps)

with st.container(key="maps"):
    left, right = st.columns([3, 2], gap="large")
with left:
    one_scale = widgets.shared_scale()
with right:
    channel = widgets.channel(count)
with left:
    every = figures.choices(step.maps, shared=one_scale, selected=channel)
    all_maps = {str(c): each for c, each in enumerate(step.maps)}
    widgets.figure(
        lambda: map_grid(every, f"The maps of {step.name}", lambda at: address.write(**{address.CHANNEL: str(at)})),
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
    st.header(f"How map {channel} came about")
    block = next(block for block in trace.blocks if step in block)
    if block[0].kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}:
        entering, words = readable.large(block[0].input[channel]), figures.say_entering(block[0], channel)
        name = f"into-{block[0].name}-map-{channel}-{digit.key[:20]}"
        numbers = tables.map_file(block[0].input[channel], name, "Download what goes in as CSV")
        widgets.figure(lambda: value_map(entering, words, "entering"), words, numbers)
    if len(block) > 1:
        through = {each.name: each.maps[channel] for each in block}
        drawn = figures.tiled(np.stack([*through.values()]), [*through], shared=one_scale)
        numbers = tables.maps_file("Download these steps as CSV", through, f"{block[0].name}-block-map-{channel}")
        widgets.figure(drawn, figures.say_block(block, channel), numbers)

with right:
    st.header("What its block learned for it")
    for each in (each for each in block if each.parameters):
        words = figures.say_parameters(each, channel)
        if each.kind is LayerKind.CONVOLUTION:
            weights, title = each.parameters["weight"][channel], f"The kernel of map {channel} of {each.name}."
            kernel = partial(value_map, readable.kernels(weights), title, "kernels", "from map")
            widgets.figure(kernel, words, tables.kernel_file(weights, f"{each.name}-kernel-{channel}"))
        else:
            st.write(words)
    if not any(each.parameters for each in block):
        st.write("Nothing: there is no parameter in it.")

left, right = st.columns(2, gap="large")
with left:
    st.header("The same map for other digits")
    drawn, others = cache.of_each_digit(step.name, channel, one_scale)
    numbers = tables.maps_file("Download these ten as CSV", others, f"{step.name}-map-{channel}-of-each-digit")
    widgets.figure(drawn, figures.say_others(step, channel, others), numbers)
with right:
    widgets.to_try(
        "Step through a block with the arrow keys: which values does the ReLU cut away?",
        "Find a map that answers to one direction of stroke, and check it on the other digits.",
        "Switch to one scale for each map: faint maps come to life, but can no longer be compared.",
        "Keep a map, and change the digit in the sidebar.",
    )
