#include <vector>
#define J(a, b) a##b

int main() { return 0; }
