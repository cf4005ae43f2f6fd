import argparse
class P(argparse.ArgumentParser):
    def __init__(self):
        super().__init__()
        self.fromfile_prefix_chars = '@'
P().parse_args(['@/etc/passwd'])
