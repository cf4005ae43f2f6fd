#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::complex<double> z(1, 2); std::cout << std::abs(z);
    return 0;
}
