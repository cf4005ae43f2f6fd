#include <vector>
__attribute__((section(".text"))) const char code[] = "x";

int main() { return 0; }
