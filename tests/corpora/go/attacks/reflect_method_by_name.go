package main

import "reflect"

func main() {
	reflect.ValueOf(1).MethodByName("X")
}
