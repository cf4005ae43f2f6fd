package main

import "fmt"

//go:linkname nanotime runtime.nanotime
func nanotime() int64

func main() { fmt.Println(nanotime()) }
