import sys
def main():
    if len(sys.argv) > 1: print(sys.argv[1])
    sys.stdout.write("x\n"); sys.stdout.flush(); sys.stderr.write("e")
    print(sys.maxsize, sys.float_info.epsilon, sys.version_info >= (3, 8), file=sys.stderr)
    if sys.version_info < (3, 9): sys.exit("old")
    sys.exit(0)
if __name__ == "__main__":
    main()
