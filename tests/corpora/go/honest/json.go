package main

import "encoding/json"

func main() {
	b, _ := json.Marshal(map[string]float64{"s": 1}); println(string(b))
}
