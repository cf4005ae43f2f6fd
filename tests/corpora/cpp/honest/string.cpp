#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::string s = "abc"; s += std::to_string(1); std::cout << s.substr(1) << s.find("b");
    return 0;
}
