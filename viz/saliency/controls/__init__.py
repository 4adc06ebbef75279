"""The controls of the saliency page; the address holds what they choose."""

VIEW = "map_view"
VIEWS = {
    "one": "One method",
    "all": "All methods",
    "through": "Through the network",
}
METHOD, TARGET, AGAINST, BASELINE, LAYER, DRAW = "method", "target", "against", "baseline", "cam", "draw"
SIGNS, CLIP, OPACITY, SCALE = "signs", "clip", "opacity", "map_scale"
