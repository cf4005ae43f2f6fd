#include <vector>
#pragma comment(lib, "x")

int main() { return 0; }
