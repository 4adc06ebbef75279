"""Where the weights of a network are kept in its code: under the author's own names, so that her file of weights fits.

Every name may come from a stranger's file. A name becomes code only if it is an identifier in ASCII; any other is
written as a string.
"""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_NUMBER = re.compile(r"0|[1-9][0-9]{0,3}")
_WIDE = 100  # characters of a line


@dataclass(eq=False, slots=True)
class Place:
    """A module of the code, or a tensor of one.

    Args:
        made: The expression that makes it; empty for a module that only holds others.
        is_tensor: Whether it is a parameter or a buffer, and ``made`` a statement's end.
    """

    made: str = ""
    is_tensor: bool = False
    inside: "dict[str, Place]" = field(default_factory=dict)

    def at(self, path: str) -> "Place":
        """Return the place of a path, which is made where it is missing."""
        here = self
        for name in path.split("."):
            here = here.inside.setdefault(name, Place())
        return here

    @property
    def is_list(self) -> bool:
        """Whether it holds modules 0, 1, 2 and so on, with few gaps."""
        names = [*self.inside]
        if self.made or not names or not all(_NUMBER.fullmatch(name) for name in names):
            return False
        modules = not any(each.is_tensor for each in self.inside.values())
        return modules and max(map(int, names)) < 2 * len(names) + 8

    def expression(self) -> str:
        """Return the code that makes this module."""
        if not self.is_list:
            return self.made or "nn.Module()"
        parts = [
            self.inside[str(number)].expression() if str(number) in self.inside else "nn.Identity()"
            for number in range(max(map(int, self.inside)) + 1)
        ]
        line = f"nn.ModuleList([{', '.join(parts)}])"
        if len(line) <= _WIDE and "\n" not in line:
            return line
        rows = "".join(f"    {part},\n" for part in parts).replace("\n", "\n    ").rstrip()
        return f"nn.ModuleList([\n    {rows}\n])".replace("[\n        ", "[\n    ")

    def statements(self, here: str = "self") -> Iterator[str]:
        """Yield the statements that make everything inside.

        Args:
            here: The expression of this module.
        """
        listed = self.is_list
        for name, each in self.inside.items():
            if each.is_tensor:
                yield each.made.format(here=here, name=repr(name))
                continue
            if not listed:
                plain = is_plain(name)
                yield (
                    f"{here}.{name} = {each.expression()}"
                    if plain
                    else f"{here}.add_module({name!r}, {each.expression()})"
                )
            yield from each.statements(reach(here, name, listed=listed))

    def reach(self, path: str) -> str:
        """Return the expression of a module or a tensor of the whole network."""
        place, said = self, "self"
        for name in path.split("."):
            said = reach(said, name, listed=place.is_list)
            place = place.inside[name]
        return said


def reach(here: str, name: str, *, listed: bool) -> str:
    """Return the expression of what is inside a module."""
    if listed:
        return f"{here}[{int(name)}]"
    return f"{here}.{name}" if is_plain(name) else f"getattr({here}, {name!r})"


def is_plain(name: str) -> bool:
    """Tell whether a name can be written after a dot."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
