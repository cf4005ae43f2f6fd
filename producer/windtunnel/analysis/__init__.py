"""Statistics over the reports of a batch: significance, leaderboard, failure clusters. Pure functions of reports.

`overfitting`, `trials` and `leaderboard` need NumPy (extra `analysis`), `superior` needs arch (extra `spa`).
"""
