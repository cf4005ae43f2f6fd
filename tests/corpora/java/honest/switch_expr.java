import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        String s = "buy"; int d = switch (s) { case "buy" -> 1; case "sell" -> -1; default -> 0; }; System.out.println(d);
    }
}
