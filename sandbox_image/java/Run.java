package windtunnel;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runs the class that Build found; what its `main` throws ends the process as if it had been started itself. */
public final class Run {
    public static void main(String[] args) throws Throwable {
        var name = Files.readString(Path.of(args[0]));
        var main = Class.forName(name).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        try {
            main.invoke(null, (Object) new String[0]);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
