#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    try { throw std::runtime_error("bad"); } catch (const std::exception& e) { std::cerr << e.what(); }
    return 0;
}
