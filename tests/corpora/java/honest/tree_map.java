import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        TreeMap<Integer, Double> t = new TreeMap<>(); t.put(1, 1.0); System.out.println(t.floorKey(2) + t.firstEntry().getValue());
    }
}
