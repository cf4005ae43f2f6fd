"""Metrics for Prometheus, traces for OpenTelemetry, and JSON logs. Imports neither Celery nor Docker."""
