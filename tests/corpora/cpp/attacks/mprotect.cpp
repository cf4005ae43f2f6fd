#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    mprotect(nullptr, 4096, 7);
    return 0;
}
