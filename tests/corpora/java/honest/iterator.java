import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Iterator<Integer> it = List.of(1, 2).iterator(); while (it.hasNext()) System.out.println(it.next());
    }
}
