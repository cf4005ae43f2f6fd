import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(Objects.hash(1, 2) + " " + Objects.equals(1, 1));
    }
}
