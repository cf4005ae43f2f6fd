import argparse
p = argparse.ArgumentParser()
p.fromfile_prefix_chars = "@"
p.parse_args(["@/etc/passwd"])
