#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::printf("%d %s %.3f\n", 1, "x", 1.5);
    return 0;
}
