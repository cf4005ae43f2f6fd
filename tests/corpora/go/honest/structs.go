package main

import "fmt"

func main() {
	type Bar struct{ Open, Close float64 }; b := Bar{1, 2}; fmt.Println(b.Close - b.Open)
}
