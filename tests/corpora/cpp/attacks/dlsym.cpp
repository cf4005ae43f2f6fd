#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    dlsym(nullptr, "system");
    return 0;
}
