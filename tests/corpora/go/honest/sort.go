package main

import "sort"

func main() {
	x := []int{3, 1}; sort.Slice(x, func(i, j int) bool { return x[i] < x[j] }); println(x[0])
}
