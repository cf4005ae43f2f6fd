#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::set<int> s{1, 2}; std::unordered_map<std::string, int> u{{"a", 1}}; std::cout << s.count(1) << u.at("a");
    return 0;
}
