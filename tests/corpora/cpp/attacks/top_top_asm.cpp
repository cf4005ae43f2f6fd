#include <vector>
asm("nop");

int main() { return 0; }
