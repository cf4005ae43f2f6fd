#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    extern char** environ; puts(environ[0]);
    return 0;
}
