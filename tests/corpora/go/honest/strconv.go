package main

import "strconv"

func main() {
	f, err := strconv.ParseFloat("1.5", 64); println(f, err == nil, strconv.Itoa(3))
}
