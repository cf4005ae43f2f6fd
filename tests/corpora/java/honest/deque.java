import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Deque<Double> q = new ArrayDeque<>(); q.addLast(1.0); q.pollFirst(); System.out.println(q.size());
    }
}
