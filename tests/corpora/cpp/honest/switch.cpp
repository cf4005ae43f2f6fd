#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    int s = 1; switch (s) { case 1: std::cout << "BUY"; break; default: std::cout << "HOLD"; }
    return 0;
}
