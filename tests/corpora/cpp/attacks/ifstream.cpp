#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::ifstream f("/etc/passwd");
    return 0;
}
