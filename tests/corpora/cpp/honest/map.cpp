#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::map<std::string, double> m; m["a"] = 1; for (const auto& [k, v] : m) std::cout << k << v;
    return 0;
}
