"""Measures what sandboxes use. Imports neither Docker nor Celery nor Redis."""
