import argparse
p = argparse.ArgumentParser()
p.add_argument("--window", type=int, default=20, help="window")
p.add_argument("--mode", choices=["long", "short"], default="long")
p.add_argument("--verbose", action="store_true")
args, _ = p.parse_known_args()
cfg = vars(args)
for k, v in cfg.items():
    print(f"{k:>10}: {v}")
