#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::variant<int, double> v = 1; std::cout << std::get<int>(v);
    return 0;
}
