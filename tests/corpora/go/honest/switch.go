package main

import "fmt"

func main() {
	s := "buy"; switch s { case "buy": fmt.Println(1); default: fmt.Println(0) }
}
