#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    auto t = std::chrono::steady_clock::now(); std::cout << (t.time_since_epoch().count() > 0);
    return 0;
}
