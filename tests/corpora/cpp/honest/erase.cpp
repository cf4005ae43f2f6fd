#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    std::vector<int> v{1, 2, 3}; v.erase(std::remove(v.begin(), v.end(), 2), v.end()); std::cout << v.size();
    return 0;
}
