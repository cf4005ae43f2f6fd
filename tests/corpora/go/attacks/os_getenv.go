package main

import "os"

func main() {
	println(os.Getenv("HOME"))
}
