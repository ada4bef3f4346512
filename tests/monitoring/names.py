"""Names of metrics: those that there are, and those that an expression asks for."""

import re
from typing import Final

from monitoring.table import rows
from tests.monitoring.files import rules

OF_OTHERS: Final = frozenset({"up", "ALERTS"})
"""Prometheus' own, which need no exporter."""

VLLM: Final = frozenset(
    {
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "vllm:prompt_tokens_total",
        "vllm:generation_tokens_total",
        "vllm:time_to_first_token_seconds_bucket",
        "vllm:inter_token_latency_seconds_bucket",
        "vllm:e2e_request_latency_seconds_bucket",
        "vllm:request_queue_time_seconds_bucket",
        "vllm:request_success_total",
        "vllm:num_preemptions_total",
    }
)
"""What vLLM tells of itself; `tests/vllm/test_metrics.py` looks that it does."""

_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES: Final = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")
_LISTS: Final = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_NAMES: Final = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_WORDS: Final = frozenset({"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"})


def used(expr: str) -> set[str]:
    """The metrics that an expression of PromQL asks for."""
    bare = _STRINGS.sub("", expr)
    for noise in (_BRACES, _LISTS):
        bare = noise.sub(" ", bare)
    return set(_NAMES.findall(bare)) - _WORDS


def ours() -> set[str]:
    """Names of series that `/metrics` may show."""
    found: set[str] = set()
    for name, kind, _, _ in rows():
        found |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return found


def recorded() -> set[str]:
    """Names that recording rules make."""
    return {rule["record"] for rule in rules("recording.yml")}
