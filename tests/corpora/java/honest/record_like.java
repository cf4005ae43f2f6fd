import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        var pair = Map.entry("a", 1); System.out.println(pair.getKey());
    }
}
