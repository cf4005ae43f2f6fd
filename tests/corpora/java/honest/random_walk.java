import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Random r = new Random(42); double p = 100; for (int i = 0; i < 9; i++) p *= 1 + r.nextGaussian() * 0.01; System.out.println(p);
    }
}
