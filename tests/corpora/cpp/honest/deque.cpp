#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::deque<double> q; q.push_back(1); q.pop_front(); std::cout << q.size();
    return 0;
}
