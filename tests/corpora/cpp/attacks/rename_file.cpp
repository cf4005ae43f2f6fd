#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    rename("/tmp/a", "/tmp/b");
    return 0;
}
