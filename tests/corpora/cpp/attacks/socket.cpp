#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    int s = socket(2, 1, 0);
    return 0;
}
