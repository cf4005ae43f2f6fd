import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        try { throw new IllegalArgumentException("bad"); } catch (RuntimeException e) { System.err.println(e.getMessage()); } finally { System.out.println("end"); }
    }
}
