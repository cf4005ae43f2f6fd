#include <vector>
#line 1 "x"

int main() { return 0; }
