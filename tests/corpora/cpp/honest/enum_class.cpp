#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    enum class Side { Long, Short }; Side s = Side::Long; std::cout << (s == Side::Long);
    return 0;
}
