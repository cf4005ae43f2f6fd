#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    const double table[] = {1.0, -2.0, 3.5}; double t = 0; for (double v : table) t += v; std::cout << t;
    return 0;
}
