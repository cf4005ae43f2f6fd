package main

import "strings"

func main() {
	println(strings.ToUpper("abc"), strings.Split("a,b", ",")[0], strings.Repeat("=", 3))
}
