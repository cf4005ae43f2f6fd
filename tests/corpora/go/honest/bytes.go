package main

import "bytes"

func main() {
	var b bytes.Buffer; b.WriteString("x"); println(b.Len())
}
