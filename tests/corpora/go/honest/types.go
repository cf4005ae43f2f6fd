package main

import "fmt"

func main() {
	var v interface{} = 1; switch t := v.(type) { case int: fmt.Println(t); case string: fmt.Println(t) }
}
