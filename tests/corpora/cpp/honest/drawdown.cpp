#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    double peak = 0, dd = 0; for (double v : {1.0, 3.0, 2.0}) { peak = std::max(peak, v); dd = std::min(dd, v / peak - 1); } std::cout << dd;
    return 0;
}
