import argparse
p = argparse.ArgumentParser("p", None, None, None, [], argparse.HelpFormatter, "-", "@")
p.add_argument("x", nargs="*")
print(p.parse_args(["@/etc/passwd"]))
