"""Metrics, dashboards, alerts. Imports nothing of ours."""
