package main

import "sync"

func main() {
	var m sync.Mutex; m.Lock(); defer m.Unlock(); println(1)
}
