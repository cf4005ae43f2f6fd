import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        StringBuilder b = new StringBuilder(); b.append("x").append(1).reverse(); System.out.println(b);
    }
}
