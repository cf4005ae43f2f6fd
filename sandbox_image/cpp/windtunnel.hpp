// What a strategy sees: wt::data("sp500"), wt::params(), wt::seed() and wt::emit("sharpe", 1.2). Included by itself.
#ifndef WINDTUNNEL_HPP
#define WINDTUNNEL_HPP
#include <bits/stdc++.h>

#include <Eigen/Dense>
#include <nlohmann/json.hpp>

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

/// The job's parameters.
const nlohmann::json& params();

/// One of them, or `otherwise`.
template <typename Value>
Value param(const std::string& name, Value otherwise) {
    return params().value(name, otherwise);
}

unsigned seed();

/// Return a value: numbers, text, vectors, maps. NaN and infinities become null.
void emit(const std::string& name, const nlohmann::json& value);

}  // namespace wt

#endif
