import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        double e = 0, k = 0.1; for (double v : new double[]{1, 2}) e = v * k + e * (1 - k); System.out.printf("%.2f%n", e);
    }
}
