"""The whole of Windtunnel on one host, in the foreground."""
