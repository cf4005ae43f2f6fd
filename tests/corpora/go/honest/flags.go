package main

import (
	"flag"
	"fmt"
	m "math"
)

type Strategy interface {
	Signal(close []float64) int
}

type cross struct{ fast, slow int }

func (c *cross) Signal(close []float64) int {
	if len(close) < c.slow {
		return 0
	}
	return int(m.Copysign(1, close[len(close)-1]-close[0]))
}

func main() {
	fast := flag.Int("fast", 3, "fast window")
	flag.Parse()
	var s Strategy = &cross{*fast, 9}
	fmt.Println(s.Signal([]float64{1, 2, 3}))
}
