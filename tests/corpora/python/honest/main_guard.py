def main() -> None:
    total = sum(range(10))
    print(total)

if __name__ == "__main__":
    main()
