"""The whole of Windtunnel on one host, in the foreground.

`up` prepares the state folder and then replaces its process by the supervisor, which starts, watches and stops the
other processes. The supervisor and the guardian run for as long as the stack does, so `supervisor`, `child`, `plan`,
`alive` and `guardian` import nothing but the standard library.
"""
