package main

import "embed"

func main() {
	var f embed.FS; _ = f
}
