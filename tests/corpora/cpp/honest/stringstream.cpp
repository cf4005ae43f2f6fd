#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::stringstream ss; ss << 1 << ","; std::cout << ss.str();
    return 0;
}
