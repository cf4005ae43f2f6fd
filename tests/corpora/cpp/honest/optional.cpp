#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::optional<int> o = 3; std::cout << o.value_or(0);
    return 0;
}
