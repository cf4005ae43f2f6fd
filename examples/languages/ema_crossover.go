package main

import (
	"fmt"
	"math"

	"github.com/montanaflynn/stats"
	"windtunnel"
)

func ema(values []float64, span int) []float64 {
	alpha := 2 / float64(span+1)
	level := values[0]
	levels := make([]float64, len(values))
	for day, value := range values {
		level += alpha * (value - level)
		levels[day] = level
	}
	return levels
}

func main() {
	fast := int(windtunnel.Param("fast", 12))
	slow := int(windtunnel.Param("slow", 26))
	cost := windtunnel.Param("cost_bps", 5) / 1e4

	price := windtunnel.Data("sp500").Column("Close")
	quick, calm := ema(price, fast), ema(price, slow)
	pnl := make([]float64, len(price))
	held, trades := 0.0, 0
	for day := 1; day < len(price); day++ {
		wanted := 0.0
		if day >= slow && quick[day] > calm[day] {
			wanted = 1
		}
		pnl[day] = held*(price[day]/price[day-1]-1) - cost*math.Abs(wanted-held)
		if wanted != held {
			trades++
		}
		held = wanted
	}
	mean, _ := stats.Mean(pnl)
	deviation, _ := stats.StandardDeviationSample(pnl)
	sharpe := mean / deviation * math.Sqrt(252)

	fmt.Printf("EMA(%d,%d) over %d days: Sharpe %.2f\n", fast, slow, len(price), sharpe)
	windtunnel.Emit("sharpe", sharpe)
	windtunnel.Emit("trades", trades)
}
