"""Every cache of what a network gives keeps networks apart; what is cached otherwise has nothing to do with one."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
# What is cached without a network, and why that is right.
WITHOUT_NETWORK = {
    "viz/app/current.py": {"kept", "_without_weights"},  # the one that all others are made by; random weights
    "viz/app/shared.py": {"_warm_up"},  # of the process
    "viz/batch_norm/cache.py": {"_image_set"},  # MNIST's images, or the samples
    "viz/design/cache.py": {"preset", "_runs"},  # by its name; all runs by their files
    # Published reports by file and time, and the snapshots of the assignment's network alone.
    "viz/training/cache.py": {"_result", "_trial", "rates", "_snapshots"},
    "viz/training/live/cache.py": {"training_queue", "_record"},  # the queue; traces by all choices of a training
}


def cached_directly(path: Path) -> set[str]:
    """Return what a file caches with Streamlit's own cache: the names of functions and variables."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            found |= {node.name for each in node.decorator_list if "st.cache_" in ast.unparse(each)}
        elif isinstance(node, ast.Assign) and "st.cache_" in ast.unparse(node.value):
            found.add(ast.unparse(node.targets[0]))
    return found


def test_no_other_cache_answers_for_several_networks() -> None:
    files = [*(ROOT / "viz").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    found = {str(path.relative_to(ROOT)): cached_directly(path) for path in files}
    assert {path: names for path, names in found.items() if names} == WITHOUT_NETWORK


def test_a_cache_of_its_own_is_found(tmp_path: Path) -> None:
    file = tmp_path / "cache.py"
    file.write_text("@st.cache_resource(max_entries=2)\ndef head(): ...\nmaps = st.cache_data(compute)\n")
    assert cached_directly(file) == {"head", "maps"}
