import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(java.util.regex.Pattern.compile("(\\d+)").matcher("20d").find());
    }
}
