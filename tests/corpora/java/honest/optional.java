import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Optional<String> o = Optional.of("x"); System.out.println(o.map(String::length).orElse(0));
    }
}
