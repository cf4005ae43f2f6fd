import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        PriorityQueue<Integer> q = new PriorityQueue<>(Comparator.reverseOrder()); q.add(1); System.out.println(q.peek());
    }
}
