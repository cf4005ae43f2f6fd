"""What the reports of a batch say together. Pure: reports in, findings out; no Redis, no files.

`overfitting` and `trials` need NumPy, which the extra `analysis` brings; nothing else here does.
"""
