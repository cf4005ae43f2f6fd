import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        int[] a = {1, 2}, b = new int[2]; System.arraycopy(a, 0, b, 0, 2); System.out.println(b[1]);
    }
}
