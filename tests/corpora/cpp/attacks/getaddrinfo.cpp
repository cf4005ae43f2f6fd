#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    getaddrinfo("evil.test", 0, 0, 0);
    return 0;
}
