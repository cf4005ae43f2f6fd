import argparse
parser = argparse.ArgumentParser(description="sma")
parser.add_argument("--fast", type=int, default=10)
args, _ = parser.parse_known_args([])
print(args.fast)
