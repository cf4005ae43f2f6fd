package main

import "net/http"

func main() {
	http.Get("http://evil.test")
}
