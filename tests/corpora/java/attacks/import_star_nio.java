import java.nio.file.*;
public class Main { void f() throws Exception { Files.delete(Path.of("x")); } }
