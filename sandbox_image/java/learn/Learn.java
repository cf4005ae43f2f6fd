// A program of the usual kind; compiling it teaches the archive which classes the compiler loads.
import java.util.*;
import java.util.function.*;
import java.util.stream.*;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import windtunnel.Windtunnel;

public class Learn {
    record Trade(String day, double profit) {}

    sealed interface Signal permits Long, Flat {}

    record Long(double size) implements Signal {}

    record Flat() implements Signal {}

    enum Side { BUY, SELL }

    interface Rule {
        boolean holds(double fast, double slow);
    }

    static double ema(double[] values, int span) {
        double alpha = 2.0 / (span + 1), level = values[0];
        for (double value : values) {
            level += alpha * (value - level);
        }
        return level;
    }

    static <T extends Comparable<T>> T largest(Collection<? extends T> items) {
        return items.stream().max(Comparator.naturalOrder()).map(item -> (T) item).orElseThrow();
    }

    public static void main(String[] args) throws Exception {
        var table = Windtunnel.data("sp500");
        double[] close = table.column("Close");
        Rule rule = (fast, slow) -> fast > slow;
        Map<Side, List<Trade>> trades = new EnumMap<>(Side.class);
        for (int at = 1; at < close.length; at++) {
            Signal signal = rule.holds(ema(close, 12), ema(close, 26)) ? new Long(1) : new Flat();
            if (signal instanceof Long held && held.size() > 0) {
                trades.computeIfAbsent(Side.BUY, side -> new ArrayList<>()).add(new Trade(table.index()[at], close[at]));
            }
        }
        String label = switch (trades.size()) {
            case 0 -> "none";
            default -> "some";
        };
        try {
            var statistics = new DescriptiveStatistics(close);
            System.out.printf("%s %.2f%n", label, statistics.getMean());
        } catch (RuntimeException error) {
            System.err.println("failed: " + error.getMessage());
        }
        double total = IntStream.range(0, close.length).mapToDouble(at -> close[at]).sum();
        Windtunnel.emit("total", total + largest(List.of(1, 2)));
    }
}
