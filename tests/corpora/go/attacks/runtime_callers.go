package main

import "runtime"

func main() {
	runtime.Callers(0, nil)
}
