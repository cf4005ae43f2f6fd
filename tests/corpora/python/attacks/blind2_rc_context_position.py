import matplotlib as mpl
with mpl.rc_context(None, "/etc/passwd"): pass
