package main

import "os/signal"

func main() {
	_ = signal.Notify
}
