#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    freopen("/tmp/x", "w", stdout);
    return 0;
}
