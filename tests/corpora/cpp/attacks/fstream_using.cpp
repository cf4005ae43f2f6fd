#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    using namespace std; fstream f("/tmp/x");
    return 0;
}
