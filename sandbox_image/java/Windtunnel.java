package windtunnel;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;

/** What a strategy sees: `data("sp500")`, `params()`, `seed()` and `emit("sharpe", 1.2)`. */
public final class Windtunnel {
    private static final Map<String, Table> TABLES = new HashMap<>();
    private static Map<String, Object> params;

    private Windtunnel() {}

    /** A dataset of the job, by its name; read when first asked for. */
    public static synchronized Table data(String name) {
        return TABLES.computeIfAbsent(name, Windtunnel::read);
    }

    /** The job's parameters: Double, String, Boolean, List, Map or null. */
    public static synchronized Map<String, Object> params() {
        if (params == null) {
            params = settings("WINDTUNNEL_PARAMS");
        }
        return params;
    }

    /** A number out of the parameters, or `otherwise`. */
    public static double param(String name, double otherwise) {
        return params().get(name) instanceof Number number ? number.doubleValue() : otherwise;
    }

    public static long seed() {
        return Long.parseLong(System.getenv("WINDTUNNEL_SEED"));
    }

    /** Return a value: a number, text, boolean, array, Iterable or Map. NaN and infinities become null, and the report says where. */
    public static synchronized void emit(String name, Object value) {
        var path = "/proc/self/fd/" + System.getenv("WINDTUNNEL_EMIT_FD");
        try (var out = new FileOutputStream(path)) {
            var line = new StringBuilder("V{");
            Json.write(line, name);
            line.append(':');
            Json.write(line, value);
            out.write(line.append("}\n").toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Map<String, Object> settings(String variable) {
        try {
            return Json.object(Files.readString(Path.of(System.getenv(variable))));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Table read(String name) {
        var paths = settings("WINDTUNNEL_DATASETS");
        if (!(paths.get(name) instanceof String path)) {
            var names = paths.isEmpty() ? "none; name them in the job's `datasets`" : String.join(", ", paths.keySet());
            throw new NoSuchElementException(name + " is not among this job's datasets: " + names);
        }
        return new Table(name, Path.of(path));
    }
}
