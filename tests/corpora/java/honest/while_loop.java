import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        int i = 0; while (true) { if (i++ > 3) break; } do { i--; } while (i > 0); System.out.println(i);
    }
}
