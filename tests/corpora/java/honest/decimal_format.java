import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(new java.text.DecimalFormat("#.##").format(1.234));
    }
}
