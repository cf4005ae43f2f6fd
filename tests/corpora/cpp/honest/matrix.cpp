#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::vector<std::vector<double>> m(3, std::vector<double>(3)); for (int i = 0; i < 3; ++i) for (int j = 0; j < 3; ++j) m[i][j] = i * j; std::cout << m[2][2];
    return 0;
}
