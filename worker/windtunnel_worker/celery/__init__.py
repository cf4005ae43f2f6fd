"""Runs the pipeline under Celery: the application, its tasks and roles. No other package of the worker imports Celery.

`roles` starts a worker, `tasks` calls the pipeline, `beside` runs the reconciler and other regular work in threads.
`transport`, `consumer`, `messages`, `children` and `watchdog` keep a worker alive if Redis, a message or a task fails.
"""
