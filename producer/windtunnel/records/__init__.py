"""The job records: what is known of every batch, job and program, and who may work on it."""
