import java.util.Formatter;
import java.util.Locale;
import java.util.Scanner;

public class Blind3Format {
    public static void main(String[] args) {
        StringBuilder text = new StringBuilder();
        new Formatter(text, Locale.ROOT).format("%8.3f|%-6s|%n", 1.5, "a");
        System.out.printf(Locale.ROOT, "%s%n", text);
        System.out.println(new Scanner("1 2 3").tokens().mapToInt(Integer::parseInt).sum());
    }
}
