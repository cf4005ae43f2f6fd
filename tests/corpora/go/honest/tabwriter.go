package main

import "text/tabwriter"

func main() {
	_ = tabwriter.NewWriter; println(1)
}
