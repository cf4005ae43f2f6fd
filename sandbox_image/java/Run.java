package windtunnel;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import sun.misc.Signal;

/** Runs the class that Build found; what its `main` throws ends the process as if it had been started itself. */
public final class Run {
    public static void main(String[] args) throws Throwable {
        var name = Files.readString(Path.of(args[0]));
        var main = Class.forName(name).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        Signal.handle(new Signal("XCPU"), Run::sayWhereItIs);
        try {
            main.invoke(null, (Object) new String[0]);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    /** The warden sends it shortly before it ends what ran too long, the kernel at the limit of processor time. */
    private static void sayWhereItIs(Signal signal) {
        System.out.flush();
        var said = new StringBuilder("still running:\n");
        for (var calls : Thread.getAllStackTraces().values()) {
            for (var call : calls) {
                var ours = call.getClassName().startsWith("windtunnel.");
                if ("app".equals(call.getClassLoaderName()) && !ours) said.append("    at ").append(call).append('\n');
            }
        }
        System.err.print(said);
    }
}
