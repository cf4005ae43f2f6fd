import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Object a = 1, b = 2; System.out.println(a.getClass() == b.getClass());
    }
}
