"""Every step's feature maps on the current digit, and one map in full."""

import numpy as np
import streamlit as st

from model.records import LayerKind
from viz.figures import feature_maps, readable
from viz.ui import cached, controls, sidebar, state, tables
from viz.ui.components import map_grid, value_map

digit = sidebar.current_digit()
trace = cached.record(digit)

st.title("Feature maps")
st.write("One step of the network on your digit. Click a map to see it in full, and point at a value to read it.")
step = controls.step(trace)
count = len(step.maps)

with st.container(key="maps"):
    left, right = st.columns([3, 2], gap="large")
with left:
    shared = controls.shared_scale()
with right:
    channel = controls.channel(count)
with left:
    every = feature_maps.choices(step.maps, shared=shared, selected=channel)
    map_grid(every, f"The maps of {step.name}", lambda chosen: state.write(**{state.CHANNEL: str(chosen)}))
    st.write(feature_maps.say_tiled(step, shared))
with right:
    one = step.maps[channel]
    value_map(readable.large(one, like=step.maps if shared else None), f"Map {channel} of {step.name}.", "one")
    st.write(feature_maps.say_map(trace, step, channel))
    tables.offer_map(one, f"{step.name}-map-{channel}-{digit.key[:20]}")

left, right = st.columns(2, gap="large")
with left:
    st.header(f"How map {channel} came about")
    block = next(block for block in trace.blocks if step in block)
    if block[0].kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}:
        words = f"Map {channel} as it goes into {block[0].name}, on its own scale."
        value_map(readable.large(block[0].input[channel]), words, "entering")
        st.write(words)
    if len(block) > 1:
        through = np.stack([each.maps[channel] for each in block])
        drawn = feature_maps.tiled(through, [each.name for each in block], shared=shared)
        controls.figure(drawn, feature_maps.say_block(block, channel))

with right:
    st.header("What its block learned for it")
    for each in block:
        if each.kind is LayerKind.CONVOLUTION:
            kernel = readable.kernels(each.parameters["weight"][channel])
            value_map(kernel, f"The kernel of map {channel} of {each.name}.", "kernels", "from map")
            tables.offer_kernel(each.parameters["weight"][channel], f"{each.name}-kernel-{channel}")
        if each.parameters:
            st.write(feature_maps.say_parameters(each, channel))
    if not any(each.parameters for each in block):
        st.write("Nothing: there is no parameter in it.")

left, right = st.columns(2, gap="large")
with left:
    st.header("The same map for other digits")
    said = f"Map {channel} of {step.name} for one sample of each digit, 0 to 9, on a scale of their own."
    controls.figure(cached.of_each_digit(step.name, channel, shared), said)
with right:
    controls.to_try(
        "Step through a block with the arrow keys: which values does the ReLU cut away?",
        "Find a map that answers to one direction of stroke, and check it on the other digits.",
        "Switch to one scale for each map: faint maps come to life, but can no longer be compared.",
        "Keep a map, and change the digit in the sidebar.",
    )
