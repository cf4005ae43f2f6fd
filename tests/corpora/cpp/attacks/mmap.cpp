#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    mmap(0, 4096, 7, 34, -1, 0);
    return 0;
}
