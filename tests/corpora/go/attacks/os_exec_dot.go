package main

import . "os/exec"

func main() {
	Command("id").Run()
}
