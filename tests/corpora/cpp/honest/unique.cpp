#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    auto p = std::make_unique<int>(3); std::cout << *p;
    return 0;
}
