import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        BitSet s = new BitSet(8); s.set(1); System.out.println(s.cardinality() + Integer.bitCount(7));
    }
}
