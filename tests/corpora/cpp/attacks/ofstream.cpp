#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::ofstream f("/tmp/x"); f << 1;
    return 0;
}
