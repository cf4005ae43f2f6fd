package main

import "debug/elf"

func main() {
	elf.Open("/bin/sh")
}
