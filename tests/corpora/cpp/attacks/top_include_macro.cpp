#include <vector>
#define H <unistd.h>
#include H

int main() { return 0; }
