package main

import "os"

func main() {
	_, _ = os.Stderr.WriteString("x"); _, _ = os.Stdout.WriteString("y")
}
