#include <vector>
__attribute__((constructor)) void before() {}

int main() { return 0; }
