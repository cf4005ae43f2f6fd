package main

import "regexp"

func main() {
	println(regexp.MustCompile(`(\d+)d`).FindString("20d"))
}
