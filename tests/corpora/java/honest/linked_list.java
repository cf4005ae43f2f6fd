import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        LinkedList<Integer> l = new LinkedList<>(); l.addFirst(1); l.removeLast(); System.out.println(l.isEmpty());
    }
}
