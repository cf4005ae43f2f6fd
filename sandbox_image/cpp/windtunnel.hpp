// What a strategy sees: wt::data("sp500"), wt::params(), wt::seed() and wt::emit("sharpe", 1.2). Included by itself.
#ifndef WINDTUNNEL_HPP
#define WINDTUNNEL_HPP
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wt {

/// A dataset: `index` holds the first column as text, `column(name)` any other as numbers, NaN where empty.
class Table {
public:
    Table(std::string name, const std::string& path);

    std::vector<std::string> columns;
    std::vector<std::string> index;

    std::size_t size() const { return index.size(); }
    const std::vector<std::string>& text(const std::string& column) const;
    std::vector<double> column(const std::string& column) const;

private:
    std::string name_;
    std::map<std::string, std::vector<std::string>> texts_;
};

/// A dataset of the job, by its name; read when first asked for.
const Table& data(const std::string& name);

/// The job's parameters, as JSON text; for one of them, or `otherwise`, there is `param`.
const std::string& params();
double param(const std::string& name, double otherwise);
int param(const std::string& name, int otherwise);
bool param(const std::string& name, bool otherwise);
std::string param(const std::string& name, const char* otherwise);

unsigned seed();

/// Return a value. NaN and infinities become null, and the report says where.
void emit(const std::string& name, const std::string& text);
void emit(const std::string& name, const char* text);
void emit(const std::string& name, const std::vector<double>& numbers);
void emit(const std::string& name, const std::map<std::string, double>& numbers);
void emit_number(const std::string& name, double number);
void emit_integer(const std::string& name, long long number);
void emit_unsigned(const std::string& name, unsigned long long number);
void emit_bool(const std::string& name, bool yes);
/// The same for anything else, as JSON text.
void emit_json(const std::string& name, const std::string& json);

template <typename Number, typename = std::enable_if_t<std::is_arithmetic_v<Number>>>
void emit(const std::string& name, Number number) {
    if constexpr (std::is_same_v<Number, bool>) {
        emit_bool(name, number);
    } else if constexpr (std::is_unsigned_v<Number>) {
        emit_unsigned(name, static_cast<unsigned long long>(number));
    } else if constexpr (std::is_integral_v<Number>) {
        emit_integer(name, static_cast<long long>(number));
    } else {
        emit_number(name, static_cast<double>(number));
    }
}

}  // namespace wt

#endif
