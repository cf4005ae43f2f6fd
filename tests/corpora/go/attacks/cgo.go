package main

import "C"

func main() {
	C.system(nil)
}
