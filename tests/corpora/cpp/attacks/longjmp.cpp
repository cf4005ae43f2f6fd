#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    longjmp(nullptr, 1);
    return 0;
}
