"""What the documentation names exists: settings, commands and their options, make's targets, calls, error codes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.routing import Route
from typer.core import TyperGroup
from typer.main import get_command

from api.errors import STATUS
from api.main import create_app
from api.schemas import reference
from cli.main import app
from cli.settings_table import markdown
from tests.sources import ROOT
from tests.unit.docs.pages import DOCS, PAGES, WRITTEN, anchors, blocks, shell, spans

NAME: Final = re.compile(r"(?<![\w.-])[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)+(?![\w.-])")
SETTINGS: Final = frozenset(re.findall(r"`([A-Z][A-Z0-9_]+)`", markdown()))
ELSEWHERE: Final = {
    "BENCH_JSON": "cli/bench/",
    "CHAOS_ITEMS": "tests/chaos/test_chaos.py",
    "CHAOS_ROUNDS": "tests/chaos/test_chaos.py",
    "CHAOS_SEED": "tests/chaos/test_chaos.py",
    "CUDA_VISIBLE_DEVICES": "engines/",
    "DARKROOM_SERVER": "cli/client.py",
    "FUZZ_S": "tests/fuzz/",
    "FUZZ_SEED": "tests/fuzz/",
    "LLM_ARGS": "cli/engine.py",
    "LLM_PYTHON": "cli/engine.py",
    "LLM_WEIGHTS": "cli/engine.py",
    "TEST_SERVICES": "Makefile",
}
"""Variables that are no settings of the service -> the file or folder that reads them."""
OTHERS: Final = re.compile("TASK_ID|PIP_INDEX_URL|NVIDIA_DRIVER_CAPABILITIES|OTEL_[A-Z_]+")
"""What stands for an id, and variables that other programs and libraries read."""
DEPLOYED: Final = ("docker-compose*.yml", "Dockerfile*", ".env.example", "docs/examples/**/*", "monitoring/**/*")
"""Files with variables of the programs beside Darkroom."""
CALL: Final = re.compile(r"(?<![\w./])/(?:api|result)(?:/[\w{}.-]+)*/?")


def _commands() -> TyperGroup:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def _typed(line: str) -> Iterator[list[str]]:
    """The arguments of each `darkroom` that a line calls."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return
    for n, word in enumerate(words):
        if word.rpartition("=")[2].rpartition("/")[2] != "darkroom" or word.endswith("=darkroom"):
            continue
        first = all("=" in before or before in ("exec", "sudo") for before in words[:n])
        following = words[n + 1 : n + 2]
        if (first and following) or (following and following[0] in _commands().commands):
            end = next((k for k, each in enumerate(words) if k > n and each in ("|", ">", "&&", ";", "&")), len(words))
            yield words[n + 1 : end]


def _wrong(words: list[str]) -> str | None:
    """What of a command line does not exist."""
    command: Any = _commands()
    rest = list(words)
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        found = command.commands.get(rest[0])
        if found is None:
            return rest[0]
        command = found
        rest = rest[1:]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    if command.context_settings.get("ignore_unknown_options"):
        return None
    asked = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return next((option for option in asked if option not in known), None)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_variables_are_settings_or_are_read_where_we_say(page: Path) -> None:
    deployed = "".join(
        file.read_text(encoding="utf-8", errors="replace")
        for pattern in DEPLOYED
        for file in ROOT.glob(pattern)
        if file.is_file()
    )
    code = [*spans(page), *(block.code for block in blocks(page) if block.language != "python")]
    named = {name for each in code for name in NAME.findall(each)}
    named = {name.removesuffix("_FILE") for name in named}  # any setting may be given as a file
    unknown = named - SETTINGS - ELSEWHERE.keys()
    assert {name for name in unknown if name not in deployed and not OTHERS.fullmatch(name)} == set()


def test_variables_from_elsewhere_are_read_there() -> None:
    for name, place in ELSEWHERE.items():
        files = [ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*.py")
        assert any(name in file.read_text(encoding="utf-8") for file in files), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page: Path) -> None:
    typed = [words for line in shell(page) for words in _typed(line)]
    assert {" ".join(words): wrong for words in typed if (wrong := _wrong(words))} == {}


def test_a_command_that_is_none_is_noticed() -> None:
    lines = ["FOO=1 darkroom up --prot 8060", "darkroom jobs stop 3f2a", ".venv/bin/darkroom scan --task ocr x"]
    found = [_wrong(words) for line in lines for words in _typed(line)]
    assert found == ["--prot", "stop", "--task"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pip_is_that_of_our_environment(page: Path) -> None:
    """Elsewhere an extra of Darkroom would be one of another project, which has this name at the package index."""
    typed = [line for line in shell(page) if re.search(r"\bpip3? (un)?install\b", line)]
    assert [line for line in typed if not re.search(r"/bin/(pip|python -m pip) ", line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    typed = [line.partition("#")[0].split() for line in shell(page) if re.match(r"make( |$)", line.strip())]
    asked = {word for words in typed for word in words[1:] if "=" not in word and word != "..."}
    assert asked <= targets


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_calls_exist(page: Path) -> None:
    routes = [route for route in create_app().routes if isinstance(route, Route)]

    def exists(path: str) -> bool:
        if path.endswith("/"):
            return any(route.path.startswith(path) for route in routes)
        return any(route.path_regex.match(path) for route in routes)

    code = [*spans(page), *(block.code for block in blocks(page))]
    named = {path for each in code for path in CALL.findall(re.sub(r"https?://[\w.:-]+", " ", each))}
    assert {path for path in named if not exists(path)} == set()


def test_every_error_code_is_explained_with_its_status() -> None:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8").partition("## Error codes")[2]
    assert {code: int(status) for code, status in re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)} == STATUS


def test_the_reference_is_what_the_application_says() -> None:
    renew = "renew it: .venv/bin/python -m api.schemas.reference > docs/reference.md"
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == reference.markdown(), renew
    assert not [name for name in anchors(DOCS / "reference.md") if name[-2:] == "_1"], "links would lead to the first"
