"""What happens to a job: validate, execute, finalize. Knows nothing of Celery, Redis or Docker."""
