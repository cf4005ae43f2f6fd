import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(Math.sqrt(252) * Math.log(2) + Math.pow(2, 3) + Math.max(1, 2) + Math.floorMod(5, 3));
    }
}
