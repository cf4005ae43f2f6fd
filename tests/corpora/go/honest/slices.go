package main

import "fmt"

func main() {
	x := make([]float64, 0, 8); x = append(x, 1, 2); y := x[1:]; copy(x, y); fmt.Println(len(x), cap(y))
}
