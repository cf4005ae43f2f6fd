package main

import "fmt"

func main() {
	g, l := 0.0, 1e-9; c := []float64{1, 2, 1}; for i := 1; i < len(c); i++ { if d := c[i] - c[i-1]; d > 0 { g += d } else { l -= d } }; fmt.Println(100 - 100/(1+g/l))
}
