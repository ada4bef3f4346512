"""Rules, alerts and dashboards, as far as they can be looked at without a running service."""
