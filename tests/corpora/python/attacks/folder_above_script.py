from pathlib import Path
ROOT = Path(__file__).resolve().parent.parent.parent
print((ROOT / "etc" / "passwd").read_text())
