"""Webhooks: tells an app's server that a batch or a job has ended, from the outbox that the finishing step writes.

`targets` decides where a request may go, `request` sends one, `deliver` works through the outbox.
"""
