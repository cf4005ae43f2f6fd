package main

import "go/build"

func main() {
	_ = build.Default
}
