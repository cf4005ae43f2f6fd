package main

import "fmt"

func main() {
	m := [3][3]float64{}; for i := range m { for j := range m[i] { m[i][j] = float64(i * j) } }; fmt.Println(m)
}
