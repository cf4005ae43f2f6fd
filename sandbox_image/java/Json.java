package windtunnel;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** As much JSON as goes between a strategy and the sandbox. What is read was written by the host, so it is well-formed. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(String text) {
        return (Map<String, Object>) new Json(text).value();
    }

    static void write(StringBuilder out, Object value) {
        if (value == null) {
            out.append("null");
        } else if ((value instanceof Double || value instanceof Float)
                && !Double.isFinite(((Number) value).doubleValue())) {
            out.append("{\"$float\":\"").append(value).append("\"}"); // JSON has no form for it, the host knows this one
        } else if (value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Map<?, ?> map) {
            String separator = "{";
            for (var entry : map.entrySet()) {
                out.append(separator);
                writeText(out, String.valueOf(entry.getKey()));
                out.append(':');
                write(out, entry.getValue());
                separator = ",";
            }
            out.append(map.isEmpty() ? "{}" : "}");
        } else if (value instanceof Iterable<?> items) {
            writeItems(out, items);
        } else if (value.getClass().isArray()) {
            List<Object> items = new ArrayList<>();
            for (int index = 0; index < Array.getLength(value); index++) {
                items.add(Array.get(value, index));
            }
            writeItems(out, items);
        } else {
            writeText(out, value.toString());
        }
    }

    private static void writeItems(StringBuilder out, Iterable<?> items) {
        out.append('[');
        String separator = "";
        for (Object item : items) {
            out.append(separator);
            write(out, item);
            separator = ",";
        }
        out.append(']');
    }

    private static void writeText(StringBuilder out, String text) {
        out.append('"');
        for (char letter : text.toCharArray()) {
            if (letter < ' ' || letter == '"' || letter == '\\') {
                out.append(String.format("\\u%04x", (int) letter));
            } else {
                out.append(letter);
            }
        }
        out.append('"');
    }

    private Object value() {
        skipSpace();
        switch (text.charAt(at)) {
            case '{':
                return readObject();
            case '[':
                return readList();
            case '"':
                return readText();
            default:
                return readWord();
        }
    }

    private Map<String, Object> readObject() {
        var map = new LinkedHashMap<String, Object>();
        at++;
        while (next() != '}') {
            String name = readText();
            skipSpace();
            at++; // the colon
            map.put(name, value());
        }
        at++;
        return map;
    }

    private List<Object> readList() {
        var items = new ArrayList<>();
        at++;
        while (next() != ']') {
            items.add(value());
        }
        at++;
        return items;
    }

    private String readText() {
        var out = new StringBuilder();
        for (at++; text.charAt(at) != '"'; at++) {
            char letter = text.charAt(at);
            if (letter != '\\') {
                out.append(letter);
                continue;
            }
            letter = text.charAt(++at);
            int plain = "nrtbf".indexOf(letter);
            if (letter == 'u') {
                out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                at += 4;
            } else {
                out.append(plain < 0 ? letter : "\n\r\t\b\f".charAt(plain));
            }
        }
        at++;
        return out.toString();
    }

    private Object readWord() {
        int from = at;
        while (at < text.length() && ",]} \n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(from, at);
        switch (word) {
            case "null":
                return null;
            case "true":
            case "false":
                return word.equals("true");
            default:
                return Double.valueOf(word);
        }
    }

    /** The next letter that is neither space nor comma. */
    private char next() {
        while (text.charAt(at) == ',' || Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return text.charAt(at);
    }

    private void skipSpace() {
        while (Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }
}
