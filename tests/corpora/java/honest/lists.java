import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        List<Double> l = new ArrayList<>(); l.add(1.0); Collections.sort(l); System.out.println(l.get(0));
    }
}
