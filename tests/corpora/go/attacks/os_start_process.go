package main

import "os"

func main() {
	os.StartProcess("/bin/sh", nil, nil)
}
