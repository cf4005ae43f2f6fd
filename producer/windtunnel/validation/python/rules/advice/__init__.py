"""Rules that refuse no program: what it will use, whether it knows the future, whether a run can be repeated."""
