#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    double fast = 1, slow = 2; std::cout << (fast > slow ? "BUY" : "SELL");
    return 0;
}
