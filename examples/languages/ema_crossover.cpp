#include <cmath>
#include <cstdio>
#include <vector>

#include <Eigen/Dense>

#include "windtunnel.hpp"

std::vector<double> ema(const std::vector<double>& values, int span) {
    const double alpha = 2.0 / (span + 1);
    double level = values.front();
    std::vector<double> levels;
    levels.reserve(values.size());
    for (double value : values) levels.push_back(level += alpha * (value - level));
    return levels;
}

int main() {
    const int fast = wt::param("fast", 12), slow = wt::param("slow", 26);
    const double cost = wt::param("cost_bps", 5.0) / 1e4;

    const auto close = wt::data("sp500").column("Close");
    const auto quick = ema(close, fast), calm = ema(close, slow);
    Eigen::ArrayXd pnl = Eigen::ArrayXd::Zero(close.size());
    int held = 0, trades = 0;
    for (std::size_t day = 1; day < close.size(); ++day) {
        const int wanted = day >= static_cast<std::size_t>(slow) && quick[day] > calm[day] ? 1 : 0;
        const int turnover = std::abs(wanted - held);
        pnl[day] = held * (close[day] / close[day - 1] - 1) - cost * turnover;
        trades += turnover;
        held = wanted;
    }
    const double deviation = std::sqrt((pnl - pnl.mean()).square().sum() / (pnl.size() - 1));
    const double sharpe = pnl.mean() / deviation * std::sqrt(252.0);

    std::printf("EMA(%d,%d) over %zu days: Sharpe %.2f\n", fast, slow, close.size(), sharpe);
    wt::emit("sharpe", sharpe);
    wt::emit("trades", trades);
}
