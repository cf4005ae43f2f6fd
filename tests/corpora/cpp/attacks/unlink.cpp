#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    unlink("/tmp/x");
    return 0;
}
