#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::bitset<8> b(5); std::cout << b.count();
    return 0;
}
