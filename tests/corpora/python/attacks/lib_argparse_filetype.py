import argparse
argparse.FileType("w")("/tmp/x")
