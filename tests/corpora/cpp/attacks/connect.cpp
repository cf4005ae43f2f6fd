#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    connect(3, nullptr, 0);
    return 0;
}
