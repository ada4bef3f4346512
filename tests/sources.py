"""What no linter knows of our files: `python -m tests.sources` prints what is wrong and exits 1.

- a Python file of a package has 300 lines at most, a function 40;
- no file names the host of a package registry;
- the table of settings in docs/settings.md is the one that the code gives.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cli.settings_table import markdown

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "tasks", "engines", "monitoring", "cli")
MOST_LINES = 300
MOST_FUNCTION_LINES = 40
LONG_FUNCTIONS_WITH_A_REASON = frozenset(
    {
        "Jobs.create",  # its keyword arguments are the job
        "up",  # its options are the help text
        "scan",
        "demo",
        "follow",  # reading, breaking and coming back are one loop
    }
)
HOSTS = re.compile(r"files[.]pythonhosted|pypi[.]org|registry[.]npmjs|deb[.]debian")


def problems() -> Iterator[str]:
    """Everything that is wrong, a line each."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        if not name or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if HOSTS.search(text):
            yield f"{name}: names the host of a package registry"
        if name.endswith(".py") and name.split("/")[0] in PACKAGES:
            yield from _sizes(name, text)
    if (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") != markdown():
        yield "docs/settings.md: not what the code says; run: python -m cli.settings_table > docs/settings.md"


def _sizes(name: str, text: str) -> Iterator[str]:
    lines = text.count("\n")
    if lines > MOST_LINES and "/migrations/" not in name:
        yield f"{name}: {lines} lines, over {MOST_LINES}"
    for owner, node in _functions(ast.parse(text)):
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > MOST_FUNCTION_LINES and owner not in LONG_FUNCTIONS_WITH_A_REASON and "/migrations/" not in name:
            yield f"{name}: {owner} has {size} lines, over {MOST_FUNCTION_LINES}"


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "sources: nothing to complain about")
    sys.exit(1 if found else 0)
