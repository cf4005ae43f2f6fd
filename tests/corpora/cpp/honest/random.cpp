#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::mt19937 g(42); std::normal_distribution<double> d(0, 1); std::cout << d(g);
    return 0;
}
