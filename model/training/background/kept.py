"""What is kept of trainings that have ended: their results for all people, and for each person how hers ended."""

from collections import OrderedDict

from model.training.background.records import AnyStatus, Choices, Progress

_RESULTS, _BYTES = 32, 200_000_000  # that are kept, and what they take
_ENDINGS = 64


class Results:
    """Finished trainings. The one that nobody has asked for longest goes first where they are or take too much."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Choices, Progress] = OrderedDict()

    def find(self, choices: Choices) -> Progress | None:
        """Return the result of a training with these choices, or None."""
        if choices in self._kept:
            self._kept.move_to_end(choices)
        return self._kept.get(choices)

    def keep(self, choices: Choices, run: Progress) -> None:
        """Keep a result; the newest stays, however much it takes."""
        self._kept[choices] = run
        while len(self._kept) > 1 and self._are_too_much():
            self._kept.popitem(last=False)

    def _are_too_much(self) -> bool:
        return len(self._kept) > _RESULTS or sum(each.bytes for each in self._kept.values()) > _BYTES


class Endings:
    """How trainings of people ended: of those that stay each one's, and the last of the others."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Choices | None], AnyStatus] = OrderedDict()

    def note(self, person: str, status: AnyStatus) -> AnyStatus:
        """Keep the last status of a training, and return it."""
        key = _key(person, status.choices)
        self._kept[key] = status
        self._kept.move_to_end(key)
        while len(self._kept) > _ENDINGS:
            self._kept.popitem(last=False)
        return status

    def find(self, person: str, choices: Choices) -> AnyStatus | None:
        """Return how a person's training with these choices ended, or None."""
        ended = self._kept.get(_key(person, choices))
        return ended if ended is not None and ended.choices == choices else None

    def forget(self, person: str, choices: Choices | None) -> None:
        """Forget how a training ended; None for the last one that does not stay."""
        self._kept.pop((person, None) if choices is None else _key(person, choices), None)


def _key(person: str, choices: Choices) -> tuple[str, Choices | None]:
    return person, choices if choices.stays else None
