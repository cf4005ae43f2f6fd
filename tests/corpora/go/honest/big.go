package main

import "math/big"

func main() {
	println(big.NewInt(3).String())
}
