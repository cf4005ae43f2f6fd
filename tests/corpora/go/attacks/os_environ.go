package main

import "os"

func main() {
	_ = os.Environ()
}
