"""Finds and removes what crashed processes left behind."""
