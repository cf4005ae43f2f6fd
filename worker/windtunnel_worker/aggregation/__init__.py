"""Makes the one final report of a job out of everything on its record."""
