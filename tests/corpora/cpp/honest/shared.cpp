#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    auto p = std::make_shared<std::vector<double>>(3, 1.0); std::cout << p->size();
    return 0;
}
