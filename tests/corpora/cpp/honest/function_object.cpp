#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::function<double(double)> f = [](double x) { return x; }; std::cout << f(1);
    return 0;
}
