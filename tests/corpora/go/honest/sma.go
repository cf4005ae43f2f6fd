package main

import "fmt"

func main() {
	s := 0.0; for _, v := range []float64{1, 2, 3} { s += v }; fmt.Println(s / 3)
}
