package main

import "reflect"

func main() {
	println(reflect.DeepEqual(1, 1), reflect.TypeOf(1).Name())
}
