package main

import "log"

func main() {
	log.SetFlags(0); log.Printf("x %d", 1)
}
