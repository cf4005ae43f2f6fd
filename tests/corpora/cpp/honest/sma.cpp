#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::vector<double> x{1, 2, 3}; double s = std::accumulate(x.begin(), x.end(), 0.0); std::cout << s / x.size() << "\n";
    return 0;
}
