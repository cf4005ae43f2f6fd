import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Map<String, Integer> m = new HashMap<>(); m.merge("a", 1, Integer::sum); for (Map.Entry<String, Integer> e : m.entrySet()) System.out.println(e.getKey());
    }
}
