#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    auto t = std::make_tuple(1, 2.0); std::cout << std::get<0>(t); auto [a, b] = t; std::cout << a + b;
    return 0;
}
