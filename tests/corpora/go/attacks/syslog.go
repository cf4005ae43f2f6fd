package main

import "log/syslog"

func main() {
	syslog.New(0, "x")
}
