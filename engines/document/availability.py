"""Whether documents can be read now: asked of the servers that read them."""

from typing import Any, Final

from engines.document.modes import CLASSIC
from engines.settings import EngineSettings

LOOK_S: Final = 1.0


def look(settings: EngineSettings) -> dict[str, Any]:
    """What reads documents where no engine is named, and whether it can.

    Returns:
        `engine` (`classic` or `vllm`), `model`, `asked`, and `state`: `ready`, `loading` where a server of our own
        starts, or `missing`; the last two with `reason`, and a `hint` where something is to be done.
    """
    if not settings.llm_urls:
        return {"state": "ready", "engine": CLASSIC, "model": CLASSIC, "asked": CLASSIC}
    about = {"engine": "vllm", "model": settings.llm_model, "asked": settings.llm_model}
    problems = []
    for url in settings.llm_urls:
        problem = _problem(url, settings)
        if problem is None:
            return {"state": "ready", **about}
        problems.append(problem)
    if settings.document_engine == "vllm":
        return {"state": "loading", **about, "reason": "The document engine is starting; pages wait for it."}
    reason, hint = problems[0]
    return {"state": "missing", **about, "reason": reason, "hint": hint}


def _problem(url: str, settings: EngineSettings) -> tuple[str, str] | None:
    """Why the server at `url` cannot read documents, and what to do about it."""
    import httpx

    headers = {"authorization": f"Bearer {settings.llm_api_key}"} if settings.llm_api_key else {}
    try:
        answer = httpx.get(f"{url}/models", headers=headers, timeout=LOOK_S)
        answer.raise_for_status()
        served = [str(each["id"]) for each in answer.json()["data"]]
    except httpx.HTTPStatusError as error:
        return f"The document engine at {url} answers with {error.response.status_code}.", "Check LLM_API_KEY."
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return f"The document engine at {url} does not answer.", "Check that it runs, and LLM_BASE_URL."
    if settings.llm_model in served:
        return None
    return f"The document engine at {url} serves {', '.join(served)}, not {settings.llm_model}.", "Set LLM_MODEL."
