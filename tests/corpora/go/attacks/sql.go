package main

import "database/sql"

func main() {
	sql.Open("x", "y")
}
