"""What an operator sees: metrics for Prometheus, traces for OpenTelemetry, logs. Imports no Celery and no Docker."""
