package main

import "math/bits"

func main() {
	println(bits.OnesCount(7))
}
