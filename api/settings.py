"""Settings of the HTTP side, from the environment."""

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal

from pydantic import AliasChoices, Field

from engines.file_settings import FileSettings

DEFAULT_KEY: Final = "mt_photos_ai_extra"
LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")


class ApiSettings(FileSettings):
    """Who may ask, for how much, and where."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; `0.0.0.0` for the whole network.")
    http_port: int = Field(default=8060, ge=0, le=65535, description="Port of the API and all protocols.")
    web_concurrency: int = Field(
        default=1,
        ge=1,
        validation_alias=AliasChoices("WEB_CONCURRENCY", "MACHINE_LEARNING_WORKERS"),
        description="API processes (also `MACHINE_LEARNING_WORKERS`).",
    )
    api_auth_key: str = Field(
        default=DEFAULT_KEY, description="Key that clients send as `api-key`; empty or `no-key` turns the check off."
    )
    trusted_networks: str = Field(
        default="loopback",
        description="Networks without a key on native routes: `loopback`, `private`, `none`, CIDRs; comma-separated.",
    )
    allowed_hosts: str = Field(
        default="",
        description="Further names of this host that need no key, comma-separated.",
    )
    trusted_proxies: str = Field(
        default="", description="Networks of proxies whose `X-Forwarded-For` is believed, comma-separated; empty: none."
    )
    auth_enabled: bool = Field(default=False, description="Ask for a user's token where the API key is not sent.")
    secret_key: str = Field(
        default="", description="Key that signs tokens; empty: one that is made once and kept in `DARKROOM_HOME`."
    )
    algorithm: Literal["HS256", "HS384", "HS512"] = Field(default="HS256", description="How tokens are signed.")
    access_token_expire_minutes: int = Field(default=1440, ge=1, description="Minutes that a token is good for.")
    bootstrap_user: str = Field(default="", description="User added at the start, if there is none of this name.")
    bootstrap_pass: str = Field(default="", description="Password of `BOOTSTRAP_USER`.")
    immich_allow: str = Field(
        default="private",
        description="Networks that may use Immich's routes, which have no key: `private`, `loopback`, `none`, CIDRs.",
    )
    immich_api: str = Field(
        default="", description="URL of Immich's own server, to which models and tasks that are not here are passed on."
    )
    immich_wait_s: float = Field(
        default=20, ge=0, description="Seconds that Immich's requests wait through an outage before they fail."
    )
    disconnect_grace_s: float = Field(
        default=30,
        ge=0,
        description="Seconds after which a streamed document that nobody follows is cancelled.",
    )
    allow_url_fetch: str = Field(
        default="",
        description="Hosts from which pictures may be fetched, comma-separated, `*` for any public one; empty: none.",
    )
    max_upload_mb: int = Field(default=64, ge=1, description="Largest upload in MiB; more is refused with 413.")
    header_timeout_s: float = Field(
        default=10,
        gt=0,
        description="Seconds in which the headers of a request come in; then its connection is closed.",
    )
    min_upload_kb_per_s: float = Field(
        default=10,
        ge=0,
        description="Slowest upload in kB/s; one that is slower for `UPLOAD_GRACE_S` is refused with 408. 0: any.",
    )
    upload_grace_s: float = Field(
        default=30, gt=0, description="Seconds for which an upload may be slower, or stand still."
    )
    rate_limit_per_minute: int = Field(
        default=0,
        ge=0,
        description="Most requests in a minute of a user, an API key, or an address without either; more are refused "
        "with 429. 0: any number.",
    )
    upload_limit_mb_per_hour: int = Field(
        default=0,
        ge=0,
        description="Most uploads in an hour, in MiB, of the same; more are refused with 429. 0: any amount.",
    )
    max_job_files: int = Field(default=1000, ge=1, description="Most files in one job of uploads.")
    max_batch_lines: int = Field(default=50_000, ge=1, description="Most requests in one JSONL batch.")

    access_log: bool = Field(
        default=False, description="Log every request: method, route, status, seconds, bytes and its id."
    )

    @property
    def needs_key(self) -> bool:
        """Whether a key is asked for at all."""
        return self.api_auth_key not in ("", "no-key")

    @property
    def max_upload_bytes(self) -> int:
        """MAX_UPLOAD_MB in bytes."""
        return self.max_upload_mb * 2**20

    @cached_property
    def trusted(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """TRUSTED_NETWORKS as networks."""
        return networks(self.trusted_networks)

    @cached_property
    def immich_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """IMMICH_ALLOW as networks."""
        return networks(self.immich_allow)

    @cached_property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """TRUSTED_PROXIES as networks."""
        return networks(self.trusted_proxies)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """ALLOWED_HOSTS, lower case."""
        return frozenset(filter(None, (name.strip().lower() for name in self.allowed_hosts.split(","))))


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks of a comma-separated list. Raises ValueError for what is none."""
    found: list[str] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        named = {"loopback": LOOPBACK, "private": (*LOOPBACK, *PRIVATE), "none": ()}
        found += named.get(name, (name,))
    return tuple(ip_network(network, strict=False) for network in found)
