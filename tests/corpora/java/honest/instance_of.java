import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Object o = 1; if (o instanceof Integer i && i > 0) System.out.println(i);
    }
}
