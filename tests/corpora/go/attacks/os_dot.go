package main

import . "os"

func main() {
	Open("/etc/passwd")
}
