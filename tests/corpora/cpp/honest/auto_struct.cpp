#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    struct Signal { int side{0}; double size{1}; int read() const { return side; } }; Signal s; std::cout << s.read() << s.size;
    return 0;
}
