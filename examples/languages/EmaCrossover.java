import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import windtunnel.Windtunnel;

public class EmaCrossover {
    static double[] ema(double[] values, int span) {
        double alpha = 2.0 / (span + 1);
        double level = values[0];
        double[] levels = new double[values.length];
        for (int day = 0; day < values.length; day++) {
            level += alpha * (values[day] - level);
            levels[day] = level;
        }
        return levels;
    }

    public static void main(String[] args) {
        int fast = (int) Windtunnel.param("fast", 12);
        int slow = (int) Windtunnel.param("slow", 26);
        double cost = Windtunnel.param("cost_bps", 5) / 1e4;

        double[] close = Windtunnel.data("sp500").column("Close");
        double[] quick = ema(close, fast);
        double[] calm = ema(close, slow);
        int[] position = IntStream.range(0, close.length)
                .map(day -> day >= slow && quick[day] > calm[day] ? 1 : 0).toArray();
        var pnl = new DescriptiveStatistics();
        pnl.addValue(0);
        int trades = 0;
        for (int day = 1; day < close.length; day++) {
            int turnover = Math.abs(position[day] - position[day - 1]);
            pnl.addValue(position[day - 1] * (close[day] / close[day - 1] - 1) - cost * turnover);
            trades += turnover;
        }
        double sharpe = pnl.getMean() / pnl.getStandardDeviation() * Math.sqrt(252);

        System.out.printf("EMA(%d,%d) over %d days: Sharpe %.2f%n", fast, slow, close.length, sharpe);
        Windtunnel.emit("sharpe", sharpe);
        Windtunnel.emit("trades", trades);
    }
}
