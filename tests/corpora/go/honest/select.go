package main

import "time"

func main() {
	select { case <-time.After(time.Millisecond): println(1) }
}
