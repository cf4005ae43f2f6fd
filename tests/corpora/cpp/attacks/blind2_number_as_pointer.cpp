#include <iostream>
int main() { auto p = reinterpret_cast<char*>(0x400000); std::cout << p[0]; }
