package main

import "math"

func main() {
	p, d := 0.0, 0.0; for _, v := range []float64{1, 3, 2} { p = math.Max(p, v); d = math.Min(d, v/p-1) }; println(d)
}
