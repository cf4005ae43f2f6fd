package main

import "container/heap"

func main() {
	_ = heap.Init; println(1)
}
