package main

import "reflect"

func main() {
	_ = reflect.NewAt
}
