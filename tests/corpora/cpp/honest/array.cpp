#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::array<double, 3> a{1, 2, 3}; std::cout << a.size() << a.front();
    return 0;
}
