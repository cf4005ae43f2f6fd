import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

interface Strategy { int signal(double[] close); }

record Bar(double open, double close) { double body() { return close - open; } }

enum Side { LONG, SHORT; Side flip() { return this == LONG ? SHORT : LONG; } }

abstract class Base<T extends Comparable<T>> implements Strategy {
    protected final List<T> seen = new ArrayList<>();
    @Override public String toString() { return getClass().getSimpleName() + seen; }
}

public class Strategies extends Base<Double> {
    @Override public int signal(double[] close) {
        double sum = 0;
        for (double c : close) { sum += c; seen.add(c); }
        return Double.compare(close[close.length - 1], sum / close.length);
    }
    public static void main(String[] args) throws IOException {
        System.out.println(new Strategies().signal(new double[]{1, 2, 3}) + " " + Side.LONG.flip() + new Bar(1, 2).body());
    }
}
