#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    struct Bar { double open, high, low, close; }; Bar b{1, 2, 0, 1}; std::cout << b.close - b.open;
    return 0;
}
