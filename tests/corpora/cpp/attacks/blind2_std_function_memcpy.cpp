#include <cstring>
#include <functional>
int main() { std::function<void()> f; unsigned char b[sizeof f] = {1}; std::memcpy(&f, b, sizeof f); f(); }
