#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::priority_queue<int> q; q.push(1); std::cout << q.top();
    return 0;
}
