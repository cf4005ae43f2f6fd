package main

import "strings"

func main() {
	var b strings.Builder; b.WriteString("x"); println(b.String())
}
