#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    double open = 1, close = 2; std::cout << (close - open) / open;
    return 0;
}
