package main

import "testing"

func main() {
	testing.Main(nil, nil, nil, nil)
}
