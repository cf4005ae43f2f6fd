#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    FILE* f = fopen("/etc/passwd", "r");
    return 0;
}
