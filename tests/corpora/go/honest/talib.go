package main

import "github.com/markcheno/go-talib"

func main() {
	_ = talib.Sma([]float64{1, 2, 3}, 2)
}
