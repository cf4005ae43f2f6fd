package main

import "github.com/ebitengine/purego"

func main() {
	purego.Dlopen("x", 1)
}
