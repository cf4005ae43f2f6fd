#include <vector>
#include <thread>

int main() { return 0; }
