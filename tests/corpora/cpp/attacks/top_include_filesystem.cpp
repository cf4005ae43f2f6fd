#include <vector>
#include <filesystem>

int main() { return 0; }
