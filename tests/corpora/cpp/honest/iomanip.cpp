#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::cout << std::fixed << std::setprecision(2) << 1.234 << std::setw(10) << 1;
    return 0;
}
