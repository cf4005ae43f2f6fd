import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        java.math.BigDecimal d = new java.math.BigDecimal("1.05"); System.out.println(d.setScale(1, java.math.RoundingMode.HALF_UP));
    }
}
