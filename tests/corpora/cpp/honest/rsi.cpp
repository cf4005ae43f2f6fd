#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    double g = 0, l = 1e-9; std::vector<double> c{1, 2, 1}; for (size_t i = 1; i < c.size(); ++i) { double d = c[i] - c[i - 1]; (d > 0 ? g : l) += std::abs(d); } std::cout << 100 - 100 / (1 + g / l);
    return 0;
}
