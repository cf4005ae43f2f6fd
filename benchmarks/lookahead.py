#!/usr/bin/env python3
"""How often the look-ahead check misses a leak and accuses an honest program.

PYTHONPATH=. benchmarks/lookahead.py [SEED …]      needs pandas; each seed has its own cuts
"""

from __future__ import annotations

import sys

from tests.lookahead.checking import answers

from windtunnel.contract.lookahead import Sight


def main() -> None:
    """Print the rates of both sets for each seed."""
    for seed in [int(word) for word in sys.argv[1:]] or [0]:
        for kind in ("leaking", "honest"):
            found = {name: one.sight for name, one in answers(kind, seed).items()}
            wrong = sorted(name for name, sight in found.items() if (sight is Sight.LEAKS) is (kind == "honest"))
            length = sorted(name for name, sight in found.items() if sight is Sight.LENGTH)
            print(f"seed {seed}, {kind}: {len(wrong)} of {len(found)} wrong {wrong}; depend on the length: {length}")


if __name__ == "__main__":
    main()
