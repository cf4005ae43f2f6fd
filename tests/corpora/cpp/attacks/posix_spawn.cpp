#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    posix_spawn(nullptr, "x", nullptr, nullptr, nullptr, nullptr);
    return 0;
}
