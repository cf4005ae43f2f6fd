#include <vector>
#include <dlfcn.h>

int main() { return 0; }
