public class Main { void f() throws Exception { \u0052untime.getRuntime().exec("id"); } }
