"""The execution side of Windtunnel."""
