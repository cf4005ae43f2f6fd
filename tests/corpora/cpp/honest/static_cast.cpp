#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    int n = 3; std::cout << static_cast<double>(n) / 2;
    return 0;
}
