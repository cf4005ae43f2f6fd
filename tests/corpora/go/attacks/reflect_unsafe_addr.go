package main

import "reflect"

func main() {
	x := 1; _ = reflect.ValueOf(&x).Elem().UnsafeAddr()
}
