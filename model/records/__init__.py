"""The nouns: records of plain values and numpy arrays, never changed after they are made.

This is the border between PyTorch and the pictures: ``model`` hands these out, ``viz.figures`` draws them.
Axes are named (C, H, W); pairs are (y, x). One file a topic; everybody imports from here.
"""

from model.records.aliases import IMAGE, Activation, Numbers, Pair, Pixels, Unit
from model.records.arithmetic import Arithmetic, Calculation, Explanation, Term
from model.records.assignment import Mistake, RowComparison
from model.records.batch_norm import (
    BatchScore,
    BatchStatistics,
    Fold,
    Folding,
    Forgotten,
    Hindrances,
    Normalisation,
    NormStep,
    RunningAverage,
    Supply,
)
from model.records.calibration import Chance, Reliability, Scaling
from model.records.digit import Digit, Stage
from model.records.dropout import Change, Convergence, Draw, DropoutPlan, Masks, Passes, Reading
from model.records.head import Effect, Head, Softened
from model.records.live_training import LiveChoices, LiveRun, LiveStage, LiveStatus, Shipped, Snapshot
from model.records.pooling import Account, Moved, Offset, Pooled, PoolGradient, PoolScore, Shift
from model.records.questions import Asked, Misconception, Question, Verdict
from model.records.receptive_field import Box, EffectiveField, Growth, ReceptiveField, Window
from model.records.rounds import Guess, Round, Side
from model.records.saliency import (
    Attribution,
    AttributionPlan,
    Collapse,
    EdgeControl,
    Method,
    MethodOption,
    Output,
    PixelCurves,
    Reaction,
    Robustness,
)
from model.records.scores import Answer, Confusion, Scores, Tally
from model.records.trace import LayerKind, Row, Step, Trace
from model.records.training import (
    Alteration,
    Choosing,
    Extent,
    Formation,
    LoggedEpoch,
    LoggedRun,
    Paired,
    Spread,
    Study,
    Trial,
)

__all__ = [
    "IMAGE",
    "Account",
    "Activation",
    "Alteration",
    "Answer",
    "Arithmetic",
    "Asked",
    "Attribution",
    "AttributionPlan",
    "BatchScore",
    "BatchStatistics",
    "Box",
    "Calculation",
    "Chance",
    "Change",
    "Choosing",
    "Collapse",
    "Confusion",
    "Convergence",
    "Digit",
    "Draw",
    "DropoutPlan",
    "EdgeControl",
    "Effect",
    "EffectiveField",
    "Explanation",
    "Extent",
    "Fold",
    "Folding",
    "Forgotten",
    "Formation",
    "Growth",
    "Guess",
    "Head",
    "Hindrances",
    "LayerKind",
    "LiveChoices",
    "LiveRun",
    "LiveStage",
    "LiveStatus",
    "LoggedEpoch",
    "LoggedRun",
    "Masks",
    "Method",
    "MethodOption",
    "Misconception",
    "Mistake",
    "Moved",
    "NormStep",
    "Normalisation",
    "Numbers",
    "Offset",
    "Output",
    "Pair",
    "Paired",
    "Passes",
    "PixelCurves",
    "Pixels",
    "PoolGradient",
    "PoolScore",
    "Pooled",
    "Question",
    "Reaction",
    "Reading",
    "ReceptiveField",
    "Reliability",
    "Robustness",
    "Round",
    "Row",
    "RowComparison",
    "RunningAverage",
    "Scaling",
    "Scores",
    "Shift",
    "Shipped",
    "Side",
    "Snapshot",
    "Softened",
    "Spread",
    "Stage",
    "Step",
    "Study",
    "Supply",
    "Tally",
    "Term",
    "Trace",
    "Trial",
    "Unit",
    "Verdict",
    "Window",
]
