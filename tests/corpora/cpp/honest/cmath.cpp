#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::cout << std::sqrt(252.0) * std::log(2.0) + std::pow(2.0, 3) + std::erf(0.5) + std::isnan(1.0);
    return 0;
}
