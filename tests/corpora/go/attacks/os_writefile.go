package main

import "os"

func main() {
	os.WriteFile("/tmp/x", nil, 0)
}
