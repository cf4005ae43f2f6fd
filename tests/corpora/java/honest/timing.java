import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        long t = System.nanoTime(); System.out.println(System.currentTimeMillis() > 0 && t != 0);
    }
}
