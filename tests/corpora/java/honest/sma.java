import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        double[] x = {1, 2, 3}; double s = 0; for (double v : x) s += v; System.out.println(s / x.length);
    }
}
