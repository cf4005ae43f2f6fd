import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(String.format("%s %d", "a", 1).toUpperCase().replace("A", "B"));
    }
}
