package main

import "cmp"

func main() {
	_ = cmp.Compare(1, 2); println(1)
}
