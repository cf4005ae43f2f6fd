import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        DoubleSummaryStatistics st = DoubleStream.of(1, 2).summaryStatistics(); System.out.println(st.getMax());
    }
}
