#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    double e = 0, k = 0.1; for (double v : {1.0, 2.0}) e = v * k + e * (1 - k); std::printf("%.2f\n", e);
    return 0;
}
