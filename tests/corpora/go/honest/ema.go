package main

import "fmt"

func main() {
	e := 0.0; for _, v := range []float64{1, 2} { e = v*0.1 + e*0.9 }; fmt.Printf("%.2f\n", e)
}
