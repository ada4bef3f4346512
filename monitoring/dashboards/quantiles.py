"""Queries of histograms."""

from typing import Final

from monitoring.dashboards.panel import Panel, Query

MINE: Final = 'instance=~"$instance"'


def quantile(share: float, histogram: str, label: str, only: str = "") -> Query:
    """The time within which so large a share is done, by a label."""
    return Query(_quantile(share, histogram, f"{label}, le", only), f"{{{{{label}}}}}")


def quantiles(histogram: str, only: str = "") -> tuple[Query, ...]:
    """p50, p95 and p99 of everything."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return tuple(Query(_quantile(share, histogram, "le", only), name) for name, share in shares.items())


def recorded(title: str, meaning: str, rule: str, legend: str) -> tuple[Panel, ...]:
    """A row of p50, p95 and p99 of the whole service over 5 minutes, as monitoring/recording.yml makes them."""
    return tuple(
        Panel(f"{title}, p{share}", f"{share} of 100 {meaning}", "s", (Query(f"{rule}:p{share}", legend),), width=8)
        for share in (50, 95, 99)
    )


def mean(histogram: str, label: str) -> Query:
    """The mean, by a label."""
    total, count = (
        f"sum by ({label}) (rate({histogram}_{part}{{{MINE}}}[$__rate_interval]))" for part in ("sum", "count")
    )
    return Query(f"{total} / {count}", f"{{{{{label}}}}}")


def _quantile(share: float, histogram: str, labels: str, only: str) -> str:
    chosen = ", ".join(filter(None, (MINE, only)))
    return f"histogram_quantile({share:g}, sum by ({labels}) (rate({histogram}_bucket{{{chosen}}}[$__rate_interval])))"
