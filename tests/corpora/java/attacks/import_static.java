import static java.lang.Runtime.getRuntime;
public class Main { void f() throws Exception { getRuntime().exec("id"); } }
