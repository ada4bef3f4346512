"""`NAME_FILE` in the place of `NAME`, for every setting of every package."""

from pathlib import Path

import pytest
from pydantic_settings import SettingsError

from api.settings import ApiSettings
from cli import prepare
from engines.settings import EngineSettings
from tasks.settings import TaskSettings


def test_a_file_gives_the_value_and_wins_over_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n")
    for name in ("API_AUTH_KEY", "LLM_API_KEY", "POSTGRES_PASSWORD"):
        monkeypatch.setenv(name, "")
        monkeypatch.setenv(f"{name}_FILE", str(secret))
    assert ApiSettings().api_auth_key == "from the file"
    assert EngineSettings().llm_api_key == "from the file"
    assert TaskSettings().postgres_password == "from the file"
    assert ApiSettings(api_auth_key="given").api_auth_key == "given"


def test_other_names_and_other_types_come_from_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "number").write_text("7")
    monkeypatch.setenv("MACHINE_LEARNING_WORKERS_FILE", str(tmp_path / "number"))
    assert ApiSettings().web_concurrency == 7


def test_an_empty_name_is_none_and_a_file_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_AUTH_KEY_FILE", "")
    assert ApiSettings().api_auth_key
    monkeypatch.setenv("API_AUTH_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"API_AUTH_KEY_FILE=.*none cannot be read: No such file"):
        ApiSettings()
    with pytest.raises(prepare.Refused, match="API_AUTH_KEY_FILE"):
        prepare.check_settings()


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("postgresql://darkroom@postgres/darkroom", "postgresql://darkroom:p%40ss%2Fw@postgres/darkroom"),
        ("postgresql+psycopg://u@/db?host=/run/pg", "postgresql+psycopg://u:p%40ss%2Fw@/db?host=/run/pg"),
        ("postgresql://darkroom:own@postgres/darkroom", "postgresql://darkroom:own@postgres/darkroom"),
        ("sqlite:////data/darkroom.db", "sqlite:////data/darkroom.db"),
    ],
)
def test_the_password_is_put_into_a_url_that_has_a_user_without_one(url: str, used: str) -> None:
    assert TaskSettings(database_url=url, postgres_password="p@ss/w").database == used
    assert TaskSettings(database_url=url).database == url
