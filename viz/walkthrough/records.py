"""What the file is made of: one network, one picture, and all that is known of their steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.images.records import Digit
from model.layers.quiz.records import Question, QuestionKind
from model.layers.records import Arithmetic, Recipe
from model.networks.records import Network
from model.receptive_field.records import Field, Growth, Window
from model.records import Unit
from model.trace.records import Trace


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """The questions on a step, and the unit that one of them is about."""

    unit: Unit
    questions: Mapping[QuestionKind, Question]


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """A network, a picture, and what is known of every step; mappings are by the name of a step.

    Attributes:
        network: Its title, its classes and its graph are shown.
        digit: The picture.
        word: What pages call it, ``digit`` or ``picture``.
        trace: Every value for this picture.
        recipes: How units are worked out; None where there is no rule.
        windows: The window of a step; None where it has no single one.
        about: What a step does, in sentences.
        arithmetic: Shape, parameters and cost.
        fields: The receptive field, or why there is no single one.
        way: The steps on the way with the largest receptive field.
        asked: The questions on a step.
    """

    network: Network
    digit: Digit
    word: str
    trace: Trace
    recipes: Mapping[str, Recipe | None]
    windows: Mapping[str, Window | None]
    about: Mapping[str, str]
    arithmetic: Mapping[str, Arithmetic]
    fields: Mapping[str, Field]
    way: Sequence[Growth]
    asked: Mapping[str, Asked]
