package main

import u "unsafe"

func main() {
	_ = u.Sizeof(1)
}
