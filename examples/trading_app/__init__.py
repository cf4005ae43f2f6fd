"""A small trading app over Windtunnel: variants of an idea in, progress, leaderboard and report out."""
