"""One family of errors, each a sentence that a person can act on."""


class GlassError(Exception):
    """Anything this project refuses, said in three parts: what is wrong, what is allowed, what to do.

    Args:
        problem: Names the offending value.
        allowed: Says what would have been accepted.
        remedy: Says what to do next.
    """

    def __init__(self, problem: str, allowed: str, remedy: str) -> None:
        super().__init__(f"{problem} {allowed} {remedy}")
        self.problem = problem
        self.allowed = allowed
        self.remedy = remedy


class InputError(GlassError, ValueError):
    """A value that a person chose, typed, drew or uploaded cannot be used."""


class NetworkError(GlassError):
    """A network file, or an id of a network, cannot be used."""


class WeightsError(GlassError):
    """Trained weights are missing, damaged, or made for another network."""


class DataError(GlassError):
    """The MNIST files are missing, incomplete, or could not be fetched."""


class TraceError(GlassError):
    """A forward pass did not run every step, so there is nothing truthful to show."""


class CheckpointError(GlassError):
    """An unfinished run cannot be continued from what it left behind."""


class WorkerError(GlassError):
    """Another process of the same run has ended, so this one cannot go on."""


class BusyError(GlassError):
    """Too many people ask for expensive work at the same time."""
