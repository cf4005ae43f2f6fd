"""The Celery side of the workers: the application, its tasks and roles. The only Celery here."""
