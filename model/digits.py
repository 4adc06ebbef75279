"""An old name of ``model.images.digits``, kept for programs that import it."""

from model.images.digits import (
    find,
    from_pixels,
    from_strokes,
    from_upload,
    mnist,
    normalise,
    samples,
    to_input,
)

__all__ = [
    "find",
    "from_pixels",
    "from_strokes",
    "from_upload",
    "mnist",
    "normalise",
    "samples",
    "to_input",
]
