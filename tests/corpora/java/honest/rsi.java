import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        double g = 0, l = 1e-9; double[] c = {1, 2, 1.5}; for (int i = 1; i < c.length; i++) { double d = c[i] - c[i - 1]; if (d > 0) g += d; else l -= d; } System.out.println(100 - 100 / (1 + g / l));
    }
}
