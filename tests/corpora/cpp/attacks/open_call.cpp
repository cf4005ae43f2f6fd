#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    int fd = open("/etc/passwd", 0);
    return 0;
}
