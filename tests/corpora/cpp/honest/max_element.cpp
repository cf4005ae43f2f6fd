#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::vector<double> v{1, 2}; std::cout << *std::max_element(v.begin(), v.end()) << std::distance(v.begin(), v.end());
    return 0;
}
