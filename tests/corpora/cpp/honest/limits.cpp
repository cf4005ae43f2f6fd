#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::cout << std::numeric_limits<double>::max() << std::numeric_limits<int>::min();
    return 0;
}
