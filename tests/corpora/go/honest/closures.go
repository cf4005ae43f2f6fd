package main

import "fmt"

func main() {
	c := 0; f := func() int { c++; return c }; f(); fmt.Println(f())
}
