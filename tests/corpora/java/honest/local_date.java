import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(java.time.LocalDate.of(2020, 1, 1).plusDays(1));
    }
}
