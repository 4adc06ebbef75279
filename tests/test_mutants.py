"""The list of deliberate faults fits the code: ``make mutants`` can try each of them."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import ROOT, Mutant, is_found, read


def test_each_text_occurs_once_and_changes() -> None:
    mutants = read()
    assert len(mutants) >= 40
    assert [each for each in mutants if (ROOT / each.file).read_text(encoding="utf-8").count(each.old) != 1] == []
    assert [each for each in mutants if each.old == each.new] == []


def test_each_test_exists() -> None:
    for mutant in read():
        file, _, name = mutant.test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), mutant.test


def test_faults_are_in_all_parts_of_the_project() -> None:
    parts = Counter(Path(each.file).parts[0] for each in read())
    assert {"model", "viz", "pages"} <= {*parts}


@pytest.mark.slow(reason="starts pytest in two processes")
def test_is_found_tells_a_test_that_fails_from_one_that_passes(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("ONE = 1\n")
    (tmp_path / "test_one.py").write_text("from one import ONE\n\ndef test_one():\n    assert ONE > 0\n")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    assert is_found(Mutant("one.py", "1", "-1", "test_one.py::test_one"), tmp_path)
    assert not is_found(Mutant("one.py", "1", "2", "test_one.py::test_one"), tmp_path)
    assert (tmp_path / "one.py").read_text() == "ONE = 1\n"
