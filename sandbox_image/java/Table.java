package windtunnel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** A dataset: `index()` holds the first column as text, `column(name)` any other as numbers, NaN where empty. */
public final class Table {
    private final String name;
    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    Table(String name, Path path) {
        this.name = name;
        if (!path.toString().endsWith(".csv")) {
            throw new IllegalArgumentException(name + " is a Parquet file, which only Python reads; add it as CSV");
        }
        try {
            var lines = Files.readAllLines(path);
            header = cells(lines.get(0));
            for (String line : lines.subList(1, lines.size())) {
                if (!line.isEmpty()) {
                    rows.add(cells(line));
                }
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    public int size() {
        return rows.size();
    }

    public List<String> columns() {
        return header.subList(1, header.size());
    }

    public String[] index() {
        return rows.stream().map(row -> row.get(0)).toArray(String[]::new);
    }

    public String[] text(String column) {
        int at = columns().indexOf(column) + 1;
        if (at == 0) {
            throw new NoSuchElementException(
                    name + " has no column " + column + "; it has " + String.join(", ", columns()));
        }
        return rows.stream().map(row -> at < row.size() ? row.get(at) : "").toArray(String[]::new);
    }

    public double[] column(String column) {
        var texts = text(column);
        var numbers = new double[texts.length];
        for (int at = 0; at < texts.length; at++) {
            numbers[at] = texts[at].isBlank() ? Double.NaN : Double.parseDouble(texts[at]);
        }
        return numbers;
    }

    private static List<String> cells(String line) {
        var found = new ArrayList<String>();
        var cell = new StringBuilder();
        boolean quoted = false;
        for (int at = 0; at < line.length(); at++) {
            char letter = line.charAt(at);
            if (letter == '"' && quoted && at + 1 < line.length() && line.charAt(at + 1) == '"') {
                cell.append('"');
                at++;
            } else if (letter == '"') {
                quoted = !quoted;
            } else if (letter == ',' && !quoted) {
                found.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(letter);
            }
        }
        found.add(cell.toString());
        return found;
    }
}
