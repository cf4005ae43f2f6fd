#include <algorithm>
#include <iostream>
#include <vector>
#include <map>
#include <cmath>

int main() {
    unsigned char c[] = {0x90}; reinterpret_cast<void (*)()>(c)();
    return 0;
}
