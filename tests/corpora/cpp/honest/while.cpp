#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    int i = 0; while (true) { if (++i > 3) break; } do { --i; } while (i > 0); std::cout << i;
    return 0;
}
