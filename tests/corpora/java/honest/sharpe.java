import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        double[] r = {0.1, -0.1, 0.2}; double m = Arrays.stream(r).average().orElse(0); double v = Arrays.stream(r).map(x -> (x - m) * (x - m)).sum() / r.length; System.out.println(m / Math.sqrt(v));
    }
}
