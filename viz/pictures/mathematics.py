"""Formulas set as mathematics: our lines of arithmetic as HTML with fractions, roots and slanted names.

It wraps where a line ends, which MathML does not, and looks alike in every browser.
"""

import re
from html import escape

_TOKEN = re.compile(
    r" *(?:(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|\?)"
    r"|(?P<call>[a-z]+(?=\())"
    r"|(?P<words>[^\W\d_Σ]+(?: [^\W\d_Σ]+)*)"
    r"|(?P<sign>[=←+−×/()⌊⌋,√Σ]))"
)
_CLOSING = {"(": ")", "⌊": "⌋"}
_LEVELS = (("=", "←"), ("+", "−"))  # from the loosest; products and fractions bind closer


def typeset(text: str) -> str:
    """Set one line of arithmetic as mathematics; what is none is shown as it is.

    Screen readers are given the line itself.

    >>> typeset("a / 2 = 3").partition(">")[2]
    '<span class="fraction"><span><i>a</i></span><span>2</span></span> = 3</span>'
    """
    try:
        inner = _Line(_tokens(text)).whole()
    except (ValueError, IndexError):
        inner = escape(text)
    return f'<span class="mathematics" role="math" aria-label="{escape(text)}">{inner}</span>'


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise ValueError(text)
        found.append((str(token.lastgroup), token[str(token.lastgroup)]))
        place = token.end()
    return found


def _powered(number: str) -> str:
    """Set ``1e-05`` as a power of ten."""
    mantissa, e, power = number.partition("e")
    if not e:
        return number
    factor = "" if mantissa == "1" else f"{mantissa} × "
    return f"{factor}10<sup>{int(power)}</sup>".replace("-", "−")


class _Line:
    """Reads tokens from left to right; each method returns the HTML of what it has read."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def whole(self) -> str:
        html = self.level(0)
        if self.tokens:
            raise ValueError(self.tokens)
        return html

    def level(self, number: int) -> str:
        if number == len(_LEVELS):
            return self.product()
        html = self.level(number + 1)
        while self.next_is(*_LEVELS[number]):
            html += f" {self.take()} {self.level(number + 1)}"
        return html

    def product(self) -> str:
        html, bare = self.factor()
        while self.tokens and not self.next_is("=", "←", "+", "−", ")", "⌋", ","):
            if self.next_is("/"):
                self.take()
                _, below = self.factor()
                html = bare = f'<span class="fraction"><span>{bare}</span><span>{below}</span></span>'
                continue
            sign = f" {self.take()} " if self.next_is("×") else " "
            after, _ = self.factor()
            html = bare = f"{html}{sign}{after}"
        return html

    def factor(self) -> tuple[str, str]:
        """Return one factor, and the same without brackets, for where a bar already holds it together."""
        kind, text = self.tokens.pop(0)
        if kind == "call":
            return (called := f"{text}{self.factor()[0]}"), called
        if text in _CLOSING:
            inner = self.inside(_CLOSING[text])
            floor = f'<span class="floor">{inner}</span>'
            return (f"({inner})", inner) if text == "(" else (floor, floor)
        if text == "√":
            return (root := f'<span class="root">√<span>{self.factor()[1]}</span></span>'), root
        if text in {"−", "Σ"}:
            space = " " if text == "Σ" else ""
            return (prefixed := f"{text}{space}{self.factor()[0]}"), prefixed
        if kind == "sign":
            raise ValueError(text)
        html = f"<i>{text}</i>" if kind == "words" else _powered(text)
        return html, html

    def inside(self, closing: str) -> str:
        html = self.level(0)
        while self.next_is(","):
            self.take()
            html += f", {self.level(0)}"
        if self.take() != closing:
            raise ValueError(closing)
        return html

    def next_is(self, *signs: str) -> bool:
        return bool(self.tokens) and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs

    def take(self) -> str:
        return self.tokens.pop(0)[1]
