package main

import "container/list"

func main() {
	l := list.New(); l.PushBack(1); println(l.Len())
}
