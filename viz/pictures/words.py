"""Format numbers and shapes as text, the same way everywhere."""

from model.receptive_field.records import Box

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def percent(share: float) -> str:
    r"""Format a probability; rounding never shows 0 % or 100 %.

    >>> percent(0.123), percent(0.99999), percent(0.00001)
    ('12.3\xa0%', 'over\xa099.9\xa0%', 'under\xa00.1\xa0%')
    """
    if share >= 0.9995:
        return "over\xa099.9\xa0%"
    if share < 0.0005:
        return "under\xa00.1\xa0%"
    return f"{share * 100:.1f}\xa0%"


def accuracy(share: float) -> str:
    r"""Format a share of at least 10,000 images with two decimals.

    >>> accuracy(0.9912), accuracy(1.0)
    ('99.12\xa0%', '100.00\xa0%')
    """
    return f"{share * 100:.2f}\xa0%"


def share_of_units(share: float) -> str:
    r"""Format a share of units; unlike a probability it may be none or all.

    >>> share_of_units(0.0), share_of_units(0.25), share_of_units(1.0)
    ('none', '25.0\xa0%', 'all')
    """
    return {0.0: "none", 1.0: "all"}.get(share) or percent(share)


def shape(of: tuple[int, ...]) -> str:
    """Format a shape.

    >>> shape((8, 26, 26))
    '8 × 26 × 26'
    """
    return " × ".join(map(str, of))


def box(of: Box) -> str:
    """Format the position of a box.

    >>> box(Box(3, 0, 7, 1))
    'rows 3 to 6, columns 0 to 0'
    """
    return f"rows {of.top} to {of.bottom - 1}, columns {of.left} to {of.right - 1}"


def number(value: float) -> str:
    """Format an activation or a weight with three decimals and a minus sign.

    >>> number(-0.4242)
    '−0.424'
    """
    return f"{value:z.3f}".replace("-", "−")


def fine(value: float, decimals: int = 3) -> str:
    r"""Format a number; use a power of ten if a number other than 0 would round to 0.

    >>> fine(-0.4242), fine(0.0), fine(-0.00000902)
    ('−0.424', '0.000', '−9.0\xa0×\xa010⁻⁶')
    """
    said = f"{value:z.{decimals}f}"
    if value and not float(said):
        digits, power = f"{value:.1e}".split("e")
        said = f"{digits}\xa0×\xa010{str(int(power)).translate(_RAISED)}"
    return said.replace("-", "−")


def count(number: int, noun: str) -> str:
    """Say how many there are of something.

    >>> count(1, "map"), count(1200, "map")
    ('1 map', '1,200 maps')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
