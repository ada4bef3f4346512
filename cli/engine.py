"""`darkroom engine`: a vLLM that reads documents."""

import asyncio
import logging
import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.engine_launch import Launch

SAY_EVERY_S = 15.0
log = logging.getLogger(__name__)


def engine(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for your network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port.")] = 8000,
    model: Annotated[
        str, typer.Option(envvar="LLM_MODEL", help="Model: DeepSeek-OCR, DeepSeek-OCR-2, PaddleOCR-VL, dots.ocr, ...")
    ] = "deepseek-ai/DeepSeek-OCR",
    weights: Annotated[
        str, typer.Option(envvar="LLM_WEIGHTS", help="Folder with its files.", show_default="from the hub")
    ] = "",
    python: Annotated[
        str, typer.Option(envvar="LLM_PYTHON", help="The Python that has vLLM.", show_default="this one")
    ] = "",
    grace: Annotated[int, typer.Option(min=0, help="Seconds that pages in work get when it stops.")] = 5,
) -> None:
    """Start a vLLM server that reads documents, with the right flags for its model.

    It needs a GPU and the extra vllm (.venv/bin/pip install 'darkroom\\[vllm]').
    Whatever else stands on the line, or in LLM_ARGS, goes to vLLM as it is.
    LLM_API_KEY, where it is set, is the key that it asks for.
    It runs until Ctrl-C, and ends with all of vLLM's processes.

    Then, here or on another machine:
    LLM_BASE_URL=http://127.0.0.1:8000/v1 darkroom up

    "darkroom up --document-engine vllm" does both in one.

    Example: darkroom engine --model rednote-hilab/dots.ocr --gpu-memory-utilization 0.8
    """
    from cli.engine_launch import Launch

    more = [*shlex.split(os.environ.get("LLM_ARGS", "")), *context.args]
    _serve(Launch(python or sys.executable, model, weights, host, port, grace, more))


def _serve(launch: "Launch") -> None:
    from cli import logs
    from cli.engine_launch import problem
    from cli.engine_process import run
    from cli.supervisor import CANNOT_START
    from engines.settings import EngineSettings

    logs.configure("engine")
    if reason := problem(launch.python):
        print(reason, file=sys.stderr)
        raise typer.Exit(CANNOT_START)
    env = launch.environment({**os.environ, "LLM_API_KEY": EngineSettings().llm_api_key})
    with _Progress(launch) as progress:
        status = asyncio.run(run(launch, env, progress.waiting, progress.ready))
    if status:
        log.error("vLLM ended with %s", f"signal {-status}" if status < 0 else f"status {status}")
        raise typer.Exit(max(status, 1))


class _Progress:
    """Says how vLLM gets on: on a terminal in a moving line, in a log every now and then."""

    def __init__(self, launch: "Launch") -> None:
        from cli.display import console

        self._launch = launch
        out = console(stderr=True)
        self._status = out.status("") if out.is_terminal else None
        self._next_s = 0.0

    def __enter__(self) -> "_Progress":
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def waiting(self, seconds: float) -> None:
        """It is not ready yet, after so many seconds."""
        told = f"{self._launch.model} is loading, {seconds:.0f} s so far"
        if self._status is not None:
            self._status.update(told)
        elif seconds >= self._next_s:
            self._next_s += SAY_EVERY_S
            log.info(told)

    def ready(self, seconds: float) -> None:
        """It serves, after so many seconds."""
        if self._status is not None:
            self._status.stop()
        at = f"http://{self._launch.host}:{self._launch.port}/v1"
        log.info("%s is ready after %.0f s: LLM_BASE_URL=%s", self._launch.model, seconds, at)
