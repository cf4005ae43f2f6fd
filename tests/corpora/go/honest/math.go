package main

import "math"

func main() {
	println(math.Sqrt(252) * math.Log(2) + math.Max(1, 2) + math.Inf(1))
}
