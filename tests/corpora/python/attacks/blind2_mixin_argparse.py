import argparse
class M:
    fromfile_prefix_chars = property(lambda s: "@", lambda s, v: None)
class P(M, argparse.ArgumentParser):
    pass
P().parse_args(["@/etc/passwd"])
