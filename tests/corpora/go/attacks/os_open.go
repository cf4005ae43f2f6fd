package main

import "os"

func main() {
	os.Open("/etc/passwd")
}
