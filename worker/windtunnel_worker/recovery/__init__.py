"""Removes the sandboxes that crashed processes left behind."""
