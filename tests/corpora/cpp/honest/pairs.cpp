#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::vector<std::pair<int, double>> p{{1, 2.0}}; for (auto& [a, b] : p) std::cout << a << b;
    return 0;
}
