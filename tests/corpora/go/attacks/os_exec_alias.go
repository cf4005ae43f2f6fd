package main

import x "os/exec"

func main() {
	x.Command("id").Run()
}
