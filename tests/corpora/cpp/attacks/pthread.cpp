#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    pthread_create(0, 0, 0, 0);
    return 0;
}
