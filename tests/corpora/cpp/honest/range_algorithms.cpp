#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::vector<int> v(5); std::iota(v.begin(), v.end(), 0); std::transform(v.begin(), v.end(), v.begin(), [](int x) { return x * x; }); std::cout << v.back();
    return 0;
}
