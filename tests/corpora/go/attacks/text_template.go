package main

import "text/template"

func main() {
	template.New("x")
}
