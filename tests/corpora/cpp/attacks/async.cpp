#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    auto f = std::async([] { return 1; });
    return 0;
}
