package main

import "archive/zip"

func main() {
	zip.OpenReader("/tmp/x")
}
