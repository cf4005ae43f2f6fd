package main

import "path/filepath"

func main() {
	filepath.Walk("/", nil)
}
