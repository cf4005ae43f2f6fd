#include <vector>
#define DO(x) popen(x, "r")

int main() { return 0; }
