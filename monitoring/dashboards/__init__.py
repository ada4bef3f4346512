"""Grafana's dashboards, written down as Python; `python -m monitoring.dashboards` makes their JSON."""
