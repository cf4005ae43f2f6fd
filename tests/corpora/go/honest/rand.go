package main

import "math/rand"

func main() {
	r := rand.New(rand.NewSource(42)); println(r.NormFloat64(), rand.Intn(3))
}
