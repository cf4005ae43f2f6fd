#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::thread t([] {}); t.join();
    return 0;
}
