import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(IntStream.range(0, 10).mapToObj(i -> "x" + i).collect(Collectors.joining(",")));
    }
}
