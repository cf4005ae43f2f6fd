package main

import "hash/fnv"

func main() {
	h := fnv.New32a(); h.Write([]byte("x")); println(h.Sum32())
}
