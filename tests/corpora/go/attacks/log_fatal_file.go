package main

import "log"

func main() {
	log.SetOutput(nil)
}
