"""What the methods are: for each its idea, its formula, its paper, what it costs and what can be chosen.

In all formulas x is a pixel of the digit, b the same pixel of the baseline, and slope(...) the derivative of the score
with respect to the pixel, at the picture in brackets.
"""

from collections.abc import Mapping
from types import MappingProxyType

from model.saliency.records import Method, MethodOption

_ONE_EACH = "1 forward and 1 backward pass"
_RELU = "What came out negative becomes 0, as in the paper; otherwise it stays, as evidence against the class."


def _samples(default: int) -> MethodOption:
    return MethodOption(
        "samples", "Samples", default, 1, 256, 1, "How many noisy digits are averaged; more are steadier and slower."
    )


def _noise(default: float) -> MethodOption:
    return MethodOption(
        "noise", "Noise", default, 0.0, 1.0, 0.01, "The deviation of the noise, as a share of the digit's range of ink."
    )


_LIST = (
    Method(
        name="saliency",
        title="Saliency",
        idea="How much the score would rise if this one pixel became a little brighter.",
        formula="a = slope(x)",
        where="slope(x) is the derivative of the score with respect to the pixel, at the digit",
        paper="Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013",
        link="https://arxiv.org/abs/1312.6034",
        cost=_ONE_EACH,
        is_slope=True,
    ),
    Method(
        name="input_x_gradient",
        title="Input × gradient",
        idea="The slope at each pixel, times the pixel: what it adds as far as the network is a straight line.",
        formula="a = x × slope(x)",
        where="x is the normalised pixel, −0.4242 where there is no ink; slope(x) the derivative of the score there",
        paper="Shrikumar, Greenside, Shcherbina, Kundaje: Not Just a Black Box, 2016",
        link="https://arxiv.org/abs/1605.01713",
        cost=_ONE_EACH,
    ),
    Method(
        name="integrated_gradients",
        title="Integrated gradients",
        idea="Fade the digit in from the baseline and add up, pixel by pixel, what each small step did to the score.",
        formula="a = (x − b) × Σ slope(b + t (x − b)) / n",
        where="b is the baseline's pixel, n the number of steps, t the middle of each step from 0 to 1",
        paper="Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017",
        link="https://arxiv.org/abs/1703.01365",
        cost="as many forward and backward passes as steps",
        options=(
            MethodOption(
                "steps",
                "Steps",
                600,
                10,
                1000,
                10,
                "How finely the way is divided; more bring the sum nearer the gain.",
            ),
        ),
        adds_up=True,
        uses_baseline=True,
    ),
    Method(
        name="guided_backprop",
        title="Guided backprop",
        idea="The slope, but on its way back every ReLU lets through only what is positive, where it was switched on.",
        formula="g ← on(x) × on(g) × g",
        where="at every ReLU x went in and g comes back; on(…) is 1 for what is above 0, and 0 for the rest",
        paper="Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity, 2014",
        link="https://arxiv.org/abs/1412.6806",
        cost=_ONE_EACH,
        is_slope=True,
    ),
    Method(
        name="deconvolution",
        title="Deconvolution",
        idea="The slope, but on its way back every ReLU lets through only what is positive, switched on or not.",
        formula="g ← on(g) × g",
        where="at every ReLU g comes back; on(g) is 1 for what is above 0, and 0 for the rest",
        paper="Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013",
        link="https://arxiv.org/abs/1311.2901",
        cost=_ONE_EACH,
        is_slope=True,
    ),
    Method(
        name="deep_lift",
        title="DeepLIFT",
        idea="Hold every unit against what it was for the baseline, and share the change of the score out among them.",
        formula="m ← (r(x) − r(b)) / (x − b) × m",
        where="at every ReLU r: x goes in for the digit, b for the baseline, m is the score's change for each unit of "
        "change behind it; a pixel gets its own change times its m",
        paper="Shrikumar, Greenside, Kundaje: Learning Important Features, 2017",
        link="https://arxiv.org/abs/1704.02685",
        cost="2 forward and 2 backward passes",
        adds_up=True,
        uses_baseline=True,
        outputs=("logit", "difference"),
    ),
    Method(
        name="gradient_shap",
        title="Gradient SHAP",
        idea="Measure the slope at random places between the baseline and noisy copies of the digit, and average.",
        formula="a = Σ (s − b) × slope(b + t (s − b)) / n",
        where="s is x and a little noise, b the baseline's pixel, t is drawn between 0 and 1, n counts the samples",
        paper="Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017",
        link="https://arxiv.org/abs/1705.07874",
        cost="as many forward and backward passes as samples",
        options=(_samples(64), _noise(0.05)),
        adds_up=True,
        uses_baseline=True,
        draws=True,
    ),
    Method(
        name="occlusion",
        title="Occlusion",
        idea="Cover a small window with the baseline, note how much score is lost, and slide the window on.",
        formula="a = score(x) − score(x without the window)",
        where="a pixel that several windows covered gets the mean of their losses",
        paper="Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013",
        link="https://arxiv.org/abs/1311.2901",
        cost="1 forward pass for each window: 169 as it is set",
        options=(
            MethodOption("window", "Window", 4, 1, 14, 1, "The side of the window, in pixels."),
            MethodOption("stride", "Stride", 2, 1, 14, 1, "How far the window moves; never further than it is wide."),
        ),
        uses_baseline=True,
    ),
    Method(
        name="feature_ablation",
        title="Feature ablation",
        idea="Put the baseline in the place of one pixel, or one small block, and note how much score is lost.",
        formula="a = score(x) − score(x without the block)",
        where="every pixel of a block gets the loss of the block",
        paper="Kokhlikyan and others: Captum, a Unified and Generic Model Interpretability Library for PyTorch, 2020",
        link="https://arxiv.org/abs/2009.07896",
        cost="1 forward pass for each block: 196 as it is set",
        options=(MethodOption("block", "Block", 2, 1, 14, 1, "The side of the block, in pixels."),),
        uses_baseline=True,
    ),
    Method(
        name="grad_cam",
        title="Grad-CAM",
        idea="Add up the feature maps of one row, each times how much the score rises with it.",
        formula="a = Σ mean(slope) × A",
        where="A is a feature map; mean(slope) the mean over its places of the score's derivative with respect to it",
        paper="Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, 2016",
        link="https://arxiv.org/abs/1610.02391",
        cost=_ONE_EACH,
        options=(MethodOption("relu", "ReLU", 0, 0, 1, 1, _RELU),),
        uses_layer=True,
    ),
    Method(
        name="guided_grad_cam",
        title="Guided Grad-CAM",
        idea="Guided backprop for the fine lines, times Grad-CAM for the region.",
        formula="a = g × stretched(c)",
        where="g is guided backprop, c Grad-CAM, stretched to the size of the digit",
        paper="Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, 2016",
        link="https://arxiv.org/abs/1610.02391",
        cost="2 forward and 2 backward passes",
        options=(MethodOption("relu", "ReLU", 1, 0, 1, 1, _RELU),),
        uses_layer=True,
    ),
    Method(
        name="lrp",
        title="Layer-wise relevance propagation",
        idea="Hand the score back row by row, each unit sharing its part out among those that made it up.",
        formula="R ← Σ x × w × R / (z + ε)",
        where="a unit with value z has relevance R; what reached it was x, by weight w; ε, with the sign of z, lets "
        "units near 0 hand on less",
        paper="Bach, Binder, Montavon, Klauschen, Müller, Samek: On Pixel-Wise Explanations, 2015",
        link="https://doi.org/10.1371/journal.pone.0130140",
        cost="2 forward passes and 1 backward pass, twice for a difference",
        options=(
            MethodOption(
                "epsilon",
                "ε",
                0.1,
                0.0,
                1.0,
                0.01,
                "How much units near 0 keep for themselves; 0 gives input × gradient.",
            ),
        ),
        starts_from_score=True,
        outputs=("logit", "difference"),
    ),
    Method(
        name="smooth_grad",
        title="SmoothGrad",
        idea="Saliency of many copies of the digit, each with a little noise, averaged so that what is chance cancels.",
        formula="a = Σ slope(x + noise) / n",
        where="the noise is drawn anew for each of n samples",
        paper="Smilkov, Thorat, Kim, Viégas, Wattenberg: SmoothGrad, 2017",
        link="https://arxiv.org/abs/1706.03825",
        cost="as many forward and backward passes as samples",
        options=(_samples(64), _noise(0.15)),
        draws=True,
        is_slope=True,
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in _LIST})
