package windtunnel;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles one program: classes into ./classes, the name of the class with `main` into ./main-class. */
public final class Build {
    private static final Path CLASSES = Path.of("classes");

    /** The program's text; its public class may have any name. */
    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(Path path) throws IOException {
            super(URI.create("string:///" + path.getFileName()), Kind.SOURCE);
            text = Files.readString(path);
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return kind == Kind.SOURCE;
        }
    }

    public static void main(String[] args) throws IOException {
        Files.createDirectories(CLASSES);
        var compiler = ToolProvider.getSystemJavaCompiler();
        var problems = new DiagnosticCollector<JavaFileObject>();
        var path = System.getProperty("java.class.path");
        var options = List.of("-d", CLASSES.toString(), "-cp", path, "-g", "-proc:none", "-nowarn");
        var source = new Source(Path.of(args[0]));
        boolean compiled = compiler.getTask(null, null, problems, options, null, List.of(source)).call();
        for (var problem : problems.getDiagnostics()) {
            if (problem.getKind() == Diagnostic.Kind.ERROR) {
                System.err.printf("%s:%d: error: %s%n", args[0], problem.getLineNumber(),
                        problem.getMessage(Locale.ENGLISH).replaceAll("\\s*\\R\\s*", "; "));
            }
        }
        if (!compiled || !noteMain(args[0])) {
            System.exit(1);
        }
    }

    /** False: no class has a main method. */
    private static boolean noteMain(String source) throws IOException {
        try (var files = Files.walk(CLASSES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".class")).sorted().toList()) {
                String path = CLASSES.relativize(file).toString();
                String name = path.substring(0, path.length() - ".class".length()).replace('/', '.');
                if (hasMain(name)) {
                    Files.writeString(Path.of("main-class"), name);
                    return true;
                }
            }
        }
        System.err.printf("%s:1: error: no class has `public static void main(String[] args)`%n", source);
        return false;
    }

    private static boolean hasMain(String name) throws IOException {
        var urls = new java.net.URL[] {CLASSES.toUri().toURL()};
        try (var loader = new java.net.URLClassLoader(urls)) {
            var method = Class.forName(name, false, loader).getDeclaredMethod("main", String[].class);
            return java.lang.reflect.Modifier.isStatic(method.getModifiers());
        } catch (ReflectiveOperationException | LinkageError notThisOne) {
            return false;
        }
    }
}
