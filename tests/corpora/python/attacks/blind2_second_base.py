import argparse, logging
class P(logging.Filter, argparse.ArgumentParser):
    def __init__(self):
        super().__init__("p", None, None, None, [], argparse.HelpFormatter, "-", "@")
