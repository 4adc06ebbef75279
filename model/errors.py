"""The project's errors; each message says what is wrong, what is allowed and what to do."""


class GlassError(Exception):
    """Base class of every error that this project raises on purpose.

    Args:
        problem: What is wrong; it names the value.
        allowed: What is allowed.
        remedy: What to do.
    """

    def __init__(self, problem: str, allowed: str, remedy: str) -> None:
        super().__init__(f"{problem} {allowed} {remedy}")
        self.problem = problem
        self.allowed = allowed
        self.remedy = remedy


class InputError(GlassError, ValueError):
    """A value that the user chose, typed, drew or uploaded cannot be used."""


class NetworkError(GlassError):
    """A network file, or an id of a network, cannot be used."""


class CommandError(GlassError):
    """What was typed on the command line, or the author's code that it names, cannot be used."""


class WeightsError(GlassError):
    """Trained weights are missing, damaged, or belong to another network."""


class DataError(GlassError):
    """The MNIST files are missing or damaged, or could not be downloaded."""


class TraceError(GlassError):
    """A forward pass cannot be recorded, for example because it did not run every step."""


class CheckpointError(GlassError):
    """An interrupted training run cannot be resumed from its checkpoint."""


class WorkerError(GlassError):
    """Another process of the same training run has ended, so this one cannot continue."""


class BusyError(GlassError):
    """Too many requests for expensive work are waiting."""
