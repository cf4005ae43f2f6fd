package main

import "os"

func main() {
	os.FindProcess(1)
}
