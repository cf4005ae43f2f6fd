#include <vector>
#include <fstream>

int main() { return 0; }
