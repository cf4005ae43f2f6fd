"""Sends webhooks, which tell an app's server that a batch or a job has ended, from an outbox in the records.

`targets` decides where a request may go, `request` sends one, `deliver` works through the outbox.
"""
