# After command lines of public repositories: a folder as an option with its type.
import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--out-dir", type=Path, default=Path("reports"))
parser.add_argument("--days", type=int, default=20)
args = parser.parse_args([])
print(args.out_dir, next(iter(data.values()))["Close"].tail(args.days).mean())
