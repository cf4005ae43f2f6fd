package main

import "github.com/evil/evil"

func main() {
	evil.Run()
}
