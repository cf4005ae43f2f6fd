"""The program as its text shows it: scopes, bindings, calls, which containers are shared. Syntax only.

May import the standard library only.
"""
