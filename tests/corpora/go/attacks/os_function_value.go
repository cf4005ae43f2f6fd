package main

import "os"

func main() {
	f := os.Open; f("/etc/passwd")
}
