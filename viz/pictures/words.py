"""Numbers and shapes in words, said the same way everywhere."""

from model.receptive_field.records import Box

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def percent(share: float) -> str:
    r"""Say a probability without claiming a certainty that rounding made up.

    >>> percent(0.123), percent(0.99999), percent(0.00001)
    ('12.3\xa0%', 'over\xa099.9\xa0%', 'under\xa00.1\xa0%')
    """
    if share >= 0.9995:
        return "over\xa099.9\xa0%"
    if share < 0.0005:
        return "under\xa00.1\xa0%"
    return f"{share * 100:.1f}\xa0%"


def accuracy(share: float) -> str:
    r"""Say a share of so many images that two decimals are counted, not made up.

    >>> accuracy(0.9912), accuracy(1.0)
    ('99.12\xa0%', '100.00\xa0%')
    """
    return f"{share * 100:.2f}\xa0%"


def share_of_units(share: float) -> str:
    r"""Say which part of the units something holds for; unlike a probability, none and all can be certain.

    >>> share_of_units(0.0), share_of_units(0.25), share_of_units(1.0)
    ('none', '25.0\xa0%', 'all')
    """
    return {0.0: "none", 1.0: "all"}.get(share) or percent(share)


def shape(of: tuple[int, ...]) -> str:
    """Say a shape.

    >>> shape((8, 26, 26))
    '8 × 26 × 26'
    """
    return " × ".join(map(str, of))


def box(of: Box) -> str:
    """Say where a box lies.

    >>> box(Box(3, 0, 7, 1))
    'rows 3 to 6, columns 0 to 0'
    """
    return f"rows {of.top} to {of.bottom - 1}, columns {of.left} to {of.right - 1}"


def number(value: float) -> str:
    """Say an activation or a weight with three decimals and a true minus sign.

    >>> number(-0.4242)
    '−0.424'
    """
    return f"{value:z.3f}".replace("-", "−")


def fine(value: float, decimals: int = 3) -> str:
    r"""Say a number, and one that would round to 0 but is not as a multiple of a power of ten.

    >>> fine(-0.4242), fine(0.0), fine(-0.00000902)
    ('−0.424', '0.000', '−9.0\xa0×\xa010⁻⁶')
    """
    said = f"{value:z.{decimals}f}"
    if value and not float(said):
        digits, power = f"{value:.1e}".split("e")
        said = f"{digits}\xa0×\xa010{str(int(power)).translate(_RAISED)}"
    return said.replace("-", "−")
