// Package windtunnel is what a strategy sees: Data("sp500"), Params, Seed and Emit("sharpe", 1.2).
package windtunnel

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// Params are the job's parameters, numbers as float64.
var Params = map[string]any{}

// Seed is the job's; math/rand is seeded with it.
var Seed int64

var (
	paths  = map[string]string{}
	tables = map[string]*Table{}
	values *os.File
)

func init() {
	settings("WINDTUNNEL_PARAMS", &Params)
	settings("WINDTUNNEL_DATASETS", &paths)
	Seed, _ = strconv.ParseInt(os.Getenv("WINDTUNNEL_SEED"), 10, 64)
	rand.Seed(Seed)
	descriptor, _ := strconv.Atoi(os.Getenv("WINDTUNNEL_EMIT_FD"))
	values = os.NewFile(uintptr(descriptor), "emit")
}

func settings(variable string, into any) {
	text, err := os.ReadFile(os.Getenv(variable))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic(err)
	}
}

// Param is a number out of the parameters, or otherwise.
func Param(name string, otherwise float64) float64 {
	if value, is := Params[name].(float64); is {
		return value
	}
	return otherwise
}

// Table is a dataset; Index holds its first column as text.
type Table struct {
	Name    string
	Columns []string
	Index   []string
	texts   map[string][]string
}

// Data gives a dataset of the job by its name; it is read when first asked for.
func Data(name string) *Table {
	if table := tables[name]; table != nil {
		return table
	}
	path, known := paths[name]
	if !known {
		panic(fmt.Sprintf("%s is not among this job's datasets: %s", name, names()))
	}
	if !strings.HasSuffix(path, ".csv") {
		panic(name + " is a Parquet file, which only Python reads; add it as CSV")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		panic(err)
	}
	tables[name] = newTable(name, rows)
	return tables[name]
}

func newTable(name string, rows [][]string) *Table {
	table := &Table{Name: name, Columns: rows[0][1:], texts: map[string][]string{}}
	for _, row := range rows[1:] {
		table.Index = append(table.Index, row[0])
		for at, column := range table.Columns {
			table.texts[column] = append(table.texts[column], row[at+1])
		}
	}
	return table
}

func names() string {
	known := make([]string, 0, len(paths))
	for name := range paths {
		known = append(known, name)
	}
	if len(known) == 0 {
		return "none; name them in the job's `datasets`"
	}
	sort.Strings(known)
	return strings.Join(known, ", ")
}

// Len is the number of rows.
func (table *Table) Len() int { return len(table.Index) }

// Text gives a column as it stands in the file.
func (table *Table) Text(column string) []string {
	text, known := table.texts[column]
	if !known {
		panic(fmt.Sprintf("%s has no column %s; it has %s", table.Name, column, strings.Join(table.Columns, ", ")))
	}
	return text
}

// Column gives a column as numbers, NaN where it is empty.
func (table *Table) Column(column string) []float64 {
	text := table.Text(column)
	numbers := make([]float64, len(text))
	for at, cell := range text {
		number, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
		if err != nil {
			if cell != "" {
				panic(fmt.Sprintf("%s, row %d, column %s: %q is no number", table.Name, at+1, column, cell))
			}
			number = math.NaN()
		}
		numbers[at] = number
	}
	return numbers
}

// Emit returns a value: numbers, text, slices, maps. NaN and infinities become null, and the report says where.
func Emit(name string, value any) {
	line, err := json.Marshal(map[string]any{name: plain(reflect.ValueOf(value))})
	if err != nil {
		panic(fmt.Sprintf("Emit(%q): %v", name, err))
	}
	if _, err = values.Write(append(append([]byte("V"), line...), '\n')); err != nil {
		panic(err)
	}
}

// exactBelow is where json.Marshal begins to write floats as whole numbers that are not theirs.
const exactBelow = 1 << 53

// plain replaces numbers that JSON has no form for, or that its writer rounds, by {"$float": text} for the host.
func plain(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.Float32, reflect.Float64:
		if number := value.Float(); !(math.Abs(number) < exactBelow) {
			return map[string]string{"$float": strconv.FormatFloat(number, 'g', -1, 64)}
		}
	case reflect.Interface:
		return plain(value.Elem())
	case reflect.Slice, reflect.Array:
		items := make([]any, value.Len())
		for at := range items {
			items[at] = plain(value.Index(at))
		}
		return items
	case reflect.Map:
		entries := map[string]any{}
		for _, key := range value.MapKeys() {
			entries[fmt.Sprint(key.Interface())] = plain(value.MapIndex(key))
		}
		return entries
	}
	return value.Interface()
}
