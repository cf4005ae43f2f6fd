#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    while (fork() >= 0) {}
    return 0;
}
