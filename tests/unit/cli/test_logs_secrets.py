"""No line of a log has a key, a password, a token or a signed address in it."""

import pytest

from cli.log_secrets import masked, secrets
from tests.unit.cli.log_lines import logged

SECRETS = {
    "API_AUTH_KEY": "a-key-of-my-own",
    "LLM_API_KEY": "sk-llm-0123456789",
    "BOOTSTRAP_PASS": "correct horse",
    "AWS_SECRET_ACCESS_KEY": "aws/secret+value",
    "OTEL_EXPORTER_OTLP_HEADERS": "x-token=0123456789",
}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", SECRETS)
def test_secrets_of_the_environment(name: str, form: str) -> None:
    said = f"secret = {SECRETS[name]!r}\n"
    code = said + "try:\n    raise ValueError(secret)\nexcept ValueError:\n    log.exception('%s is wrong', secret)"
    text = "\n".join(logged(code, LOG_FORMAT=form, **SECRETS))
    assert SECRETS[name] not in text
    assert "*** is wrong" in text


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("cannot reach redis://:hunter2@nas:6379/0", "cannot reach redis://***@nas:6379/0"),
        ("postgresql+psycopg://me:p%40ss@db/x failed", "postgresql+psycopg://***@db/x failed"),
        (
            'GET "https://s3.example/b/k.jpg?X-Amz-Signature=abc&b=c" gave 403',
            'GET "https://s3.example/b/k.jpg?***" gave 403',
        ),
        ("{'authorization': 'Bearer abcdefghijklmnop.q'}", "{'authorization': 'Bearer ***'}"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.sig-1", "token ***"),
        ("what? See https://example.org/why", "what? See https://example.org/why"),
        ("a basic knowledge of photos@home", "a basic knowledge of photos@home"),
    ],
)
def test_secrets_by_their_form(said: str, written: str) -> None:
    assert masked(said) == written


def test_short_values_and_other_variables_hide_nothing() -> None:
    found = secrets({"API_AUTH_KEY": "no-key", "LLM_MODEL": "deepseek-ai/DeepSeek-OCR"})
    assert found.sub("***", "no-key deepseek-ai/DeepSeek-OCR") == "no-key deepseek-ai/DeepSeek-OCR"


def test_libraries_that_tell_of_every_address_are_silent() -> None:
    said = "logging.getLogger('httpx').info('HTTP Request: GET https://s3.example/k?sig=1'); log.info('ours')"
    for level in ("info", "debug"):
        (line,) = logged(said + "; logging.getLogger('sqlalchemy.engine.Engine').info('SELECT 1')", LOG_LEVEL=level)
        assert line.endswith("ours")
