package main

import "math/cmplx"

func main() {
	println(cmplx.Abs(1 + 2i))
}
