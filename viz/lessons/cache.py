"""The numbers in the texts of a lesson, from the network and the digit that the lesson is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from model import layers, networks
from model.parameters.records import RowComparison
from model.receptive_field.records import ReceptiveField
from model.trace.records import Trace
from viz.app import address, current, picker, shared, sidebar
from viz.app.current import of_network
from viz.lessons.records import Station
from viz.pictures import words

Look = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Table:
    """What stands in a text behind a name, by the key in brackets."""

    look: Look

    def __getitem__(self, key: str) -> str:
        return self.look(key)


class _Facts(dict[str, "str | _Table"]):
    """What texts can name. Each is worked out when a text names it."""

    def __init__(self, single: Mapping[str, Callable[[], str]], tables: Mapping[str, Look]) -> None:
        super().__init__({name: _Table(look) for name, look in tables.items()})
        self._single = single

    def __missing__(self, name: str) -> str:
        return self._single[name]()


def filled(station: Station) -> Station:
    """Return a station whose texts have their numbers: those of the lesson's network, whichever is shown."""
    with current.looking_at(station.link.get(address.NET, current.DEFAULT)):
        return _filled(station.link.get(address.DIGIT, picker.DEFAULT_DIGIT), repr(station), station)


@of_network(max_entries=64)
def _filled(digit: str, station_text: str, _station: Station) -> Station:
    facts = of_digit(digit)
    title, ask, point = (each.format_map(facts) for each in (_station.title, _station.ask, _station.point))
    usual = tuple(each.format_map(facts) for each in _station.usual)
    return replace(_station, title=title, ask=ask, usual=usual, point=point)


def of_digit(key: str) -> Mapping[str, "str | _Table"]:
    """Return what texts can name, of the network that is looked at and one digit."""
    trace = shared.record(shared.fitted(sidebar.find_picture(key)))
    return _Facts(_of_network() | _of_answer(trace), _of_steps(trace) | _of_classes(trace) | _printed() | _of_others())


def _of_network() -> dict[str, Callable[[], str]]:
    shown = shared.network()
    image = shown.input
    return {
        "parameters": lambda: f"{shown.graph.used:,}",
        "rows": lambda: str(len(shared.outline().rows)),
        "classes": lambda: str(len(shown.classes)),
        "pixels": lambda: f"{image.height * image.width:,}",
        "side": lambda: str(image.height),
        "empty": lambda: words.number(-image.mean[0] / image.std[0]),
        "methods": _methods,
    }


def _methods() -> str:
    from model.saliency import METHODS  # noqa: PLC0415 (it brings Captum)

    return str(len(METHODS))


def _of_answer(trace: Trace) -> dict[str, Callable[[], str]]:
    second, first = sorted(trace.logits.tolist())[-2:]
    return {
        "answer": lambda: trace.class_name(trace.prediction),
        "lead": lambda: f"{first - second:.2f}",
    }


def _of_steps(trace: Trace) -> dict[str, Look]:
    def field(name: str) -> ReceptiveField:
        found = shared.fields()[name]
        return found

    def terms(name: str) -> str:
        middle = tuple(size // 2 for size in trace[name].maps.shape)
        return str(len(layers.explain(trace, name, (middle[0], middle[1], middle[2])).terms))

    every = shared.arithmetic()
    return {
        "shape": lambda name: words.shape(trace[name].output.shape),
        "maps": lambda name: str(len(trace[name].maps)),
        "positions": lambda name: f"{trace[name].maps[0].size:,}",
        "count": lambda name: f"{every[name].parameter_count:,}",
        "sum": lambda name: every[name].parameter_line,
        "cost": lambda name: f"{every[name].multiply_accumulates.result:,}",
        "field": lambda name: str(field(name).size[0]),
        "jump": lambda name: str(field(name).jump[0]),
        "terms": terms,
        "drop": lambda name: f"{shared.network().graph[name].settings['p']:.2f}",
    }


def _of_classes(trace: Trace) -> dict[str, Look]:
    return {
        "logit": lambda k: f"{trace.logits[int(k)]:.2f}".replace("-", "−"),
        "chance": lambda k: words.percent(float(trace.probabilities[int(k)])),
    }


def _printed() -> dict[str, Look]:
    rows = {row.name: row for row in shared.comparisons()}

    def errors(_key: str) -> str:
        return str(sum(len(row.mistakes) for row in rows.values()))

    def total(_key: str) -> str:
        return f"{sum(row.printed_parameters for row in rows.values()):,}"

    def shape(row: RowComparison) -> str:
        return words.shape(row.printed_shape[1:])

    return {
        "printed_field": lambda name: str(rows[name].printed_field),
        "printed_count": lambda name: f"{rows[name].printed_parameters:,}",
        "printed_shape": lambda name: shape(rows[name]),
        "printed": lambda what: {"errors": errors, "total": total}[what](what),
    }


def _of_others() -> dict[str, Look]:
    return {
        "size": lambda id: f"{networks.by_id(id).graph.used:,}",
        "accuracy": lambda id: words.accuracy(networks.by_id(id).card["test_accuracy"]),
    }
