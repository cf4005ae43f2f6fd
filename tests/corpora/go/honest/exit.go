package main

import "os"

func main() {
	if false { os.Exit(1) }; println(len(os.Args))
}
