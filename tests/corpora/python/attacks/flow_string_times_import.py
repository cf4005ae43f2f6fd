__import__("so"[::-1])
