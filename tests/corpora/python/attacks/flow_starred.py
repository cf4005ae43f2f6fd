print(*eval("[1]"))
