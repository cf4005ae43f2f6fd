package main

import "time"

func main() {
	t := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC); println(t.AddDate(0, 1, 0).Year(), time.Since(t) > 0)
}
