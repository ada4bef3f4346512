"""What must be right before any worker starts, done in a short-lived process: nothing of it is left in the parts.

Brings the database up to date, asks a broker that is not ours whether it is there, and finds the devices.
Prints `{"devices": [...]}` and ends with status 0, or says what is wrong and ends with 78.
"""

import json
import sys

from cli.supervisor import CANNOT_START


def main(devices: str, external_broker: bool) -> int:
    """`devices` as in `DEVICES`; `external_broker`: REDIS_URL is somebody else's server."""
    try:
        check_settings()
        if external_broker:
            check_broker()
        found = find_devices(devices)
        migrate()
    except Refused as error:
        print(error, file=sys.stderr)
        return CANNOT_START
    print(json.dumps({"devices": found}))
    return 0


class Refused(Exception):
    """The service cannot start; the message names the next step."""


def check_settings() -> None:
    """Raises Refused with the environment variable that cannot be understood, before three parts trip over it."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from api.settings import ApiSettings
    from cli.log_settings import LogSettings
    from engines.settings import EngineSettings
    from tasks.settings import TaskSettings

    for settings in (TaskSettings, EngineSettings, ApiSettings, LogSettings):
        try:
            settings()
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise Refused(f"{name}={first['input']}: {first['msg']}. docs/settings.md lists all settings.") from error
        except SettingsError as error:
            raise Refused(str(error)) from error


def make_folders() -> None:
    """Folders that all parts share. Raises Refused."""
    from tasks.settings import TaskSettings

    home = TaskSettings().home
    try:
        for folder in (home, home / "run", home / "run" / "metrics", home / "spool"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"The data folder {home} cannot be used: {error.strerror}.") from error


def check_broker() -> None:
    """Raises Refused where `REDIS_URL` does not answer."""
    import redis

    from tasks.settings import TaskSettings

    url = TaskSettings().redis
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
        client.ping()
        client.close()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Refused(
            f"REDIS_URL={without_password(url)} does not answer: {error}. "
            "Start that server, or unset REDIS_URL to use the built-in one."
        ) from error


def find_devices(wanted: str) -> list[str]:
    """The devices to start workers on, each one there. Raises Refused."""
    from engines import placement
    from engines.errors import EngineError
    from engines.settings import EngineSettings

    try:
        found: list[str] = placement.find_devices(wanted, EngineSettings())
    except EngineError as error:
        raise Refused("; ".join(str(part).rstrip(".") for part in (error, error.hint) if part)) from error
    return found


def migrate() -> None:
    """Raises Refused where the store cannot be brought up to date."""
    from sqlalchemy.exc import SQLAlchemyError

    from tasks.settings import TaskSettings
    from tasks.store.session import migrate as bring_up_to_date

    url = TaskSettings().database
    try:
        bring_up_to_date(url)
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise Refused(f"The store {without_password(url)} cannot be used: {reason}") from error


def without_password(url: str) -> str:
    """`url` with `***` for a password in it."""
    scheme, mark, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    user, colon, _ = who.partition(":")
    return f"{scheme}{mark}{user}{colon}{'***' if colon else ''}{at}{where}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] == "external"))
