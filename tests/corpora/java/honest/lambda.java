import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Function<Double, Double> f = v -> v * 2; BiFunction<Integer, Integer, Integer> g = Math::max; System.out.println(f.apply(1.0) + g.apply(1, 2));
    }
}
