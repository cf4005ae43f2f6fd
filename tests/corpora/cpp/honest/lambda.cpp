#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    auto f = [](double v) { return v * 2; }; std::cout << f(1);
    return 0;
}
