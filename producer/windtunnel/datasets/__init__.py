"""Datasets: how a file is understood when it is added."""
