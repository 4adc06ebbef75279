"""What an author's file defines, run statement by statement, and only as far as a network needs it.

Notebooks train, download and draw; so do scripts when they are imported. Of such a file only imports, classes,
functions and plain assignments are run, never the rest. A statement runs when a name that it binds is asked for.
A file that does nothing else than define is run from its first line to its last, as an import runs it.
"""

import __future__

import ast
import builtins
import difflib
import linecache
import re
import sys
import sysconfig
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from model.commands.notebook import Piece, without_magics
from model.errors import CommandError

T = TypeVar("T")
_PLAIN = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEFINED = re.compile(r"^(?:class|def)\s+(\w+)", re.MULTILINE)
_ASSIGNED = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_HARMLESS = {"print", "warnings.filterwarnings", "warnings.simplefilter"}
_PATHS = {"sys.path.append", "sys.path.insert"}
_MAKERS = {"nn", "F", "torch", "math", "os", "Path", "namedtuple", "partial", "OrderedDict", "np", "logging"}
_READERS = {"load", "hub", "save", "system", "popen", "loadtxt", "fromfile", "genfromtxt", "listdir"}
_ATTEMPTS = 1_000
_OTHERS = {
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    Path(__file__).resolve().parents[1],
}


@dataclass(eq=False, slots=True)
class Statement:
    """A statement of the module's own level.

    Args:
        file: What its lines are named after.
        node: Its tree.
        binds: The names that it sets.
        uses: The names that it reads, in the functions within it too.
        is_plain: Whether it is an import, a class, a function or an assignment.
        calls: Whether it is an assignment that calls something.
        done: Whether it has run, or cannot.
    """

    file: str
    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]
    is_plain: bool
    calls: bool
    done: bool = False

    @property
    def place(self) -> str:
        """Return its file and line, ``net.py:12``."""
        return f"{Path(self.file).name}:{self.node.lineno}"


@dataclass(eq=False, slots=True)
class Definitions:
    """The names that a file defines.

    Args:
        path: The file.
        statements: In the order they are written.
        is_ordinary: Whether it may be run as a whole, for it only defines.
        namespace: The names that are set so far.
    """

    path: Path
    statements: Sequence[Statement]
    is_ordinary: bool
    namespace: dict[str, Any]
    _failed: dict[str, CommandError] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """Return what a name stands for, after all statements that bind it.

        Raises:
            CommandError: The file does not set it, or what sets it fails.
        """
        self._run_whole()
        self._provide_with_needs(name)
        if name in self.namespace:
            return self.namespace[name]
        if name in self._failed:
            raise self._failed[name]
        raise self._missing(name)

    def resolving(self, work: Callable[[], T]) -> T:
        """Return what some work gives; a name that it misses is set and the work done again.

        Raises:
            CommandError: A name that it misses cannot be set.
        """
        for _ in range(_ATTEMPTS):
            try:
                return work()
            except NameError as error:
                if type(error) is not NameError or not error.name or not self._provide(error.name):
                    raise
        raise AssertionError  # each attempt runs a statement, of which there are fewer

    def classes(self) -> list[str]:
        """Return the names of all classes that inherit from something, in the order they are written."""
        found = [each.node for each in self.statements if isinstance(each.node, ast.ClassDef) and each.node.bases]
        return list(dict.fromkeys(node.name for node in found))

    def place_of(self, name: str) -> str:
        """Return the line of the last statement that binds a name."""
        return next((each.place for each in reversed(self.statements) if name in each.binds), self.path.name)

    def uses_of(self, name: str) -> frozenset[str]:
        """Return the names that the statements read that bind a name."""
        return frozenset[str]().union(*(each.uses for each in self.statements if name in each.binds))

    def _run_whole(self) -> None:
        """Run a file that only defines as an import does; where that fails, statements run one by one."""
        if not self.is_ordinary or any(each.done for each in self.statements):
            return
        for each in self.statements:
            each.done = True
            try:
                _execute(each, self.namespace)
            except (Exception, SystemExit) as error:
                self._fail(each, error)

    def _provide_with_needs(self, name: str) -> None:
        """Run what binds a name and what its code names; assignments that call something wait until they are missed."""
        waiting, seen = [name], set[str]()
        needed = set[str]()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            for each in self.statements:
                if one in each.binds and each.is_plain and (not each.calls or one == name):
                    needed.add(one)
                    waiting += each.uses
        for each in self.statements:
            wanted = each.binds & needed and each.is_plain and (not each.calls or name in each.binds)
            if wanted or "*" in each.binds:  # an import of all names may bring any
                self._run(each)

    def _provide(self, name: str) -> bool:
        """Run what binds a name; tell whether it is set now.

        Raises:
            CommandError: What sets it fails, or must not be run.
        """
        waiting = [each for each in self.statements if name in each.binds and each.is_plain and not each.done]
        for each in waiting:
            self._run(each)
        if waiting and name in self.namespace:
            return True
        if name in self._failed:
            raise self._failed[name]
        for each in self.statements:
            if name in each.binds and not each.is_plain:
                raise CommandError(
                    f"The network uses '{name}', which {each.place} sets in a statement that is not run.",
                    "Of a notebook or a training script only imports, classes, functions and plain assignments are.",
                    f"Set '{name}' in a line of its own, outside of loops, 'with' and 'if __name__'.",
                )
        return False

    def _run(self, each: Statement) -> None:
        if each.done:
            return
        each.done = True
        try:
            self.resolving(lambda: _execute(each, self.namespace))
        except CommandError as error:
            self._failed |= dict.fromkeys(each.binds, error)
        except (Exception, SystemExit) as error:
            self._fail(each, error)

    def _fail(self, each: Statement, error: BaseException) -> None:
        self._failed |= dict.fromkeys(each.binds, failure(error, each.place))

    def _missing(self, name: str) -> CommandError:
        known = sorted({bound for each in self.statements for bound in each.binds})
        for each in self.statements:
            if name in each.binds:
                return CommandError(
                    f"'{self.path.name}' sets '{name}' at {each.place} in a statement that is not run.",
                    "Of a notebook or a training script only imports, classes, functions and plain assignments are.",
                    f"Give the class instead: {self.path.name}:{self.classes()[-1]}."
                    if self.classes()
                    else f"Move '{name}' out of it, to the left margin.",
                )
        near = difflib.get_close_matches(name, known, 1)
        listed = ", ".join(self.classes()[:12]) or "no class"
        return CommandError(
            f"'{self.path.name}' does not define '{name}'.",
            f"It has the classes: {listed}." if self.classes() else "It defines no class that inherits from another.",
            f"Give {self.path.name}:{near[0]}."
            if near
            else f"Give {self.path.name} and the name of a network's class.",
        )


def failure(error: BaseException, place: str) -> CommandError:
    """Return the sentence for an error of the author's code.

    Args:
        error: What was raised.
        place: A line to name where the error's own lines say nothing.
    """
    at = place_of(error) or place
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.rpartition(".")[0] in sys.modules:
        package, _, file = error.name.rpartition(".")
        return CommandError(
            f"'{package}' has no part '{file}', which {at} imports.",
            "What is imported from a package is in its folder.",
            f"Correct the import, or put {file}.py there if the package is your own.",
        )
    if isinstance(error, ModuleNotFoundError) and error.name:
        return CommandError(
            f"The package '{error.name}', which {at} imports, is not installed here.",
            "What a network imports must be in this environment or in the folder of its file.",
            f"Install it ({Path(sys.executable).with_name('pip')} install {error.name.partition('.')[0]}), "
            "or leave the import out.",
        )
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error)):
        return CommandError(
            f"{at} takes more memory than is allowed.",
            "A network that can be shown fits into some gigabytes.",
            "Make it smaller, or allow more: --memory-limit 16.",
        )
    if isinstance(error, SystemExit):
        return CommandError(
            f"{at} ends the program (sys.exit).", "A network's code returns.", "Leave this line out, or guard it."
        )
    if isinstance(error, KeyboardInterrupt):
        return CommandError(f"{at} raises KeyboardInterrupt.", "A network's code returns.", "Leave this line out.")
    try:
        text = str(error).strip().splitlines()
    except Exception:  # an error class of the author's that fails
        text = []
    said = f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
    return CommandError(f"{at} fails: {said.rstrip('.')}.", *_advice(error))


def _advice(error: BaseException) -> tuple[str, str]:
    if "before Module.__init__() call" in str(error):
        return "A module's __init__ begins with super().__init__().", "Write super().__init__() as its first line."
    if isinstance(error, NameError) and getattr(error, "name", None):
        near = difflib.get_close_matches(str(error.name), dir(builtins), 1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        return (
            f"'{error.name}' must be defined or imported before it is used.{meant}",
            "Define it, or correct the name.",
        )
    if isinstance(error, FileNotFoundError):
        return "Files are looked for in the folder of the author's file.", "Put the file there, or leave the line out."
    return "The code of a network must run by itself.", "Correct this line."


def place_of(error: BaseException) -> str:
    """Return the last line outside of installed packages that an error passed through, or an empty string."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_authors(frame.filename):
            return f"{Path(frame.filename).name}:{frame.lineno}"
    return ""


def is_authors(file: str) -> bool:
    """Tell whether a file is neither Python's, nor an installed package's, nor this project's."""
    path = Path(file).resolve()
    return not file.startswith("<") and not any(folder in path.parents for folder in _OTHERS)


def read_definitions(path: Path, pieces: Sequence[Piece]) -> Definitions:
    """Return what a file defines; nothing of it has run yet.

    Args:
        path: The file.
        pieces: Its code.

    Raises:
        CommandError: Its code is no Python.
    """
    trees, failed = [], dict[str, CommandError]()
    for piece in pieces:
        try:
            trees.append((piece, _parsed(piece)))
        except CommandError as error:
            if not piece.is_cell:
                raise
            failed |= dict.fromkeys(_DEFINED.findall(piece.code), error)  # said where one of them is needed
    _remember_lines(pieces)
    future = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for _, tree in trees for node in tree.body
    )
    classes = {node.name for _, tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    statements = [_statement(piece, node) for piece, tree in trees for node in tree.body]
    ordinary = not any(piece.is_cell for piece in pieces) and all(_is_ordinary(s, classes) for s in statements)
    stem = path.stem.replace(".", "_")
    module = types.ModuleType(f"author_{stem}" if stem in {*sys.stdlib_module_names, "torch"} else stem)
    module.__file__ = str(path)
    module.__package__ = path.parent.name if path.parent.name.isidentifier() else ""  # for 'from .blocks import Block'
    sys.modules[module.__name__] = module
    if future:
        statements = [each for each in statements if not _is_future(each.node)]
        module.__dict__["__glass_future__"] = True
    return Definitions(path, statements, ordinary, module.__dict__, failed)


def _parsed(piece: Piece) -> ast.Module:
    error: Exception
    try:
        return ast.parse(piece.code, piece.file)
    except (SyntaxError, ValueError) as first:
        error = first
    except (RecursionError, MemoryError):  # brackets in brackets, thousands of them
        error = ValueError("it is nested too deeply")
    try:
        return ast.parse(without_magics(piece.code), piece.file)  # a script that came from a notebook
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    line = getattr(error, "lineno", None) or 1
    raise CommandError(
        f"{Path(piece.file).name}:{line} is not Python: {getattr(error, 'msg', error)}.",
        "It must be code that Python can run.",
        "Correct this line.",
    )


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _remember_lines(pieces: Sequence[Piece]) -> None:
    """Let tracebacks and ``inspect`` find the lines of cells."""
    for piece in pieces:
        if piece.is_cell:
            lines = piece.code.splitlines(keepends=True)
            linecache.cache[piece.file] = (len(piece.code), None, lines, piece.file)


def _execute(each: Statement, namespace: dict[str, Any]) -> None:
    flags = __future__.annotations.compiler_flag if "__glass_future__" in namespace else 0
    code = compile(ast.Module([each.node], []), each.file, "exec", flags=flags, dont_inherit=True)
    exec(code, namespace)  # noqa: S102 (the author's code, in a process of its own)


def _statement(piece: Piece, node: ast.stmt) -> Statement:
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    uses = frozenset(each.id for each in names if isinstance(each.ctx, ast.Load))
    plain, binds = _is_plain(node), frozenset(_bound(node))
    name = _call_name(node)
    if name in _PATHS:  # like an import of all names, it may matter to any other
        plain, binds = True, frozenset({"*"})
    elif name.endswith(".add_argument"):  # it completes the parser that an assignment makes
        plain, binds = True, frozenset({name.partition(".")[0]})
    calls = isinstance(node, _ASSIGNED) and any(isinstance(each, ast.Call) for each in ast.walk(node))
    return Statement(piece.file, node, binds, uses, plain, calls)


def _is_plain(node: ast.stmt) -> bool:
    """Tell whether a statement is an import, a class, a function, an assignment, or a choice between such."""
    if isinstance(node, ast.If):
        inner = [*node.body, *node.orelse]
        return not _is_main(node) and all(_is_plain(each) for each in inner)
    if isinstance(node, ast.Try):
        handlers = [each for handler in node.handlers for each in handler.body]
        inner = [*node.body, *handlers, *node.orelse, *node.finalbody]
        return all(_is_plain(each) or _call_name(each) == "print" for each in inner)
    return isinstance(node, (*_PLAIN, *_ASSIGNED, ast.Pass)) or _is_text(node)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}


def _bound(node: ast.AST) -> Iterator[str]:
    """Return the names that a statement sets, in the statements within it too."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (each.asname or each.name.partition(".")[0] for each in node.names)
        case ast.Assign():
            for target in node.targets:
                yield from _targets(target)
        case ast.AnnAssign() | ast.AugAssign():
            yield from _targets(node.target)
        case _:
            for name in ("target", "optional_vars"):  # of a loop or a 'with'
                found = getattr(node, name, None)
                if isinstance(found, ast.expr):
                    yield from _targets(found)
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt | ast.ExceptHandler | ast.withitem):
                    yield from _bound(child)


def _targets(target: ast.expr) -> Iterator[str]:
    """Return the names that an assignment sets or changes: of ``nn.Conv2d = Mine`` it is ``nn``."""
    match target:
        case ast.Name():
            yield target.id
        case ast.Tuple() | ast.List():
            for each in target.elts:
                yield from _targets(each)
        case ast.Starred() | ast.Attribute() | ast.Subscript():
            yield from _targets(target.value)


def _call_name(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func)
    return ""


def _is_ordinary(statement: Statement, classes: set[str]) -> bool:
    """Tell whether a statement does no more than define, so that its whole file may run."""
    node = statement.node
    if _is_main(node) or _is_text(node) or isinstance(node, _PLAIN):
        return True
    if name := _call_name(node):
        return name in _HARMLESS | _PATHS or name.endswith(".add_argument") or "seed" in name.rpartition(".")[2]
    return statement.is_plain and all(_makes(call, classes) for call in ast.walk(node) if isinstance(call, ast.Call))


def _makes(call: ast.Call, classes: set[str]) -> bool:
    """Tell whether a call only makes something: a class of the file, a builtin, a part of PyTorch."""
    words = ast.unparse(call.func).split(".")
    root, last = words[0], words[-1]
    if last in _READERS or last in {"open", "input", "exec", "eval", "compile", "__import__"}:
        return False
    return root in _MAKERS or root in classes or hasattr(builtins, root)
