package main

import "net"

func main() {
	net.Dial("tcp", "evil.test:80")
}
